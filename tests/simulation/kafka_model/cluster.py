"""The model's cluster: topics, groups and the coordinator under one virtual clock."""

from collections.abc import Callable, Mapping
from random import Random

from services.contracts.catalogue import CLOCK_AHEAD_MAX_MS, Topic
from services.contracts.headers import Headers
from services.runtime.log import LogError, RecordRejected, TopicMissing
from tests.simulation.kafka_model.groups import Group
from tests.simulation.kafka_model.partition_log import PartitionLog, Transaction
from tests.simulation.kafka_model.transactions import Coordinator

RECORD_BYTES_MAX = 1_048_588
"""The broker's limit on a batch of records; here one of value, key and headers."""
DELETE_RETENTION_MS = 86_400_000
MARKER_MS = 5
HEARTBEAT_MS = 100
PREFIX = "parley."


class AheadOfTheClock(LogError):
    """The record's time is further ahead of the broker's clock than its topic allows: wait, and try again."""


class ModelCluster:
    """Kafka as far as a stage can tell. Nothing happens by itself but in ``advance`` and ``background``."""

    def __init__(self, random: Random, now_ms: int, topics: Mapping[str, Topic]) -> None:
        self.now_ms = now_ms
        self.cluster_id = "model"
        self.random = random
        self.topics = topics
        """By declared name; partition counts may be others than declared."""
        self.logs = {
            (name, partition): PartitionLog()
            for name, topic in topics.items()
            for partition in range(topic.partitions)
        }
        self.coordinator = Coordinator(random, self._offset_committed)
        self.groups: dict[str, Group] = {}
        self.appended = 0
        """Records written so far, transactions that were aborted included."""
        self.meanwhile: Callable[[], None] | None = None
        """Called once, when somebody next has to wait."""
        self._bounded = {name for name, topic in topics.items() if topic.clock_bounded}

    def group(self, name: str, input_topic: str) -> Group:
        """The consumer group of that name, made when it is asked for first."""
        if name not in self.groups:
            self.groups[name] = Group(self.topics[input_topic].partitions)
        return self.groups[name]

    def partition(self, topic: str, partition: int) -> PartitionLog:
        """One partition. Raises TopicMissing."""
        try:
            return self.logs[topic, partition]
        except KeyError:
            raise TopicMissing(f"there is no {topic}/{partition}") from None

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
        transaction: Transaction | None = None,
    ) -> int:
        """Write one record as a broker would; returns its offset.

        Raises RecordRejected, AheadOfTheClock, TopicMissing.
        """
        log = self.partition(topic, partition)
        if value is not None and len(value) + len(key) > RECORD_BYTES_MAX:
            raise RecordRejected(f"a record of {len(value)} bytes is too large")
        if timestamp_ms > self.now_ms + CLOCK_AHEAD_MAX_MS and topic in self._bounded:
            raise AheadOfTheClock(
                f"record time {timestamp_ms} is too far ahead of the broker's {self.now_ms}"
            )
        self.appended += 1
        return log.append(key, value, timestamp_ms, headers, transaction)

    def advance(self, milliseconds: int) -> None:
        """Let time pass: heartbeats are heard or missed, old transactions are given up."""
        self.now_ms += milliseconds
        for group in self.groups.values():
            group.heartbeat(self.now_ms)
        self.coordinator.expire(self.now_ms)

    def background(self) -> None:
        """A little of what goes on while somebody waits."""
        if self.meanwhile is not None:
            action, self.meanwhile = self.meanwhile, None
            action()
        else:
            self.advance(MARKER_MS if self.coordinator.tell_one() else HEARTBEAT_MS)

    def _offset_committed(self, group: str, partition: int, offset: int) -> None:
        self.groups[group].offsets[partition] = offset
