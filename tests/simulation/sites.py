"""Where the conformance suite runs: on the model, and on a real broker."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.protocol.group import LeaveGroupRequest
from confluent_kafka import Consumer, IsolationLevel, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from services.contracts.catalogue import topic
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_log import KafkaLog
from services.runtime.kafka_settings import StageIdentity
from services.runtime.log import Log
from services.runtime.record import Record
from tests.integration.hard_cases.rig.commit_proxy import CommitProxy, Loss
from tests.simulation.kafka_model.cluster import DELETE_RETENTION_MS, HEARTBEAT_MS, ModelCluster
from tests.simulation.kafka_model.model_log import ModelLog
from tests.simulation.kafka_model.trouble import CommitFate, NoTrouble

PARTITIONS = 2
INPUT = replace(topic("intake"), partitions=PARTITIONS)
OUTPUT = replace(topic("dispatch"), partitions=PARTITIONS)
CHANGELOG = replace(topic("consent-changelog"), partitions=PARTITIONS)
TOPICS = (INPUT, OUTPUT, CHANGELOG)
STAGE = "consent"
WAIT_SECONDS = 30.0
SOON_COMPACTED = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0"}
REST_SECONDS = 3.0
"""Two heartbeats: a rebalance that is wanted has been by then."""

Answer = TypeVar("Answer")


class Listener:
    """Follows an assignment without state: begins each partition at its start, or where ``begin_at`` says."""

    def __init__(self, begin_at: Mapping[int, int] | None = None) -> None:
        self._begin_at = begin_at or {}
        self.owned: set[int] = set()
        self.events: list[tuple[str, tuple[int, ...]]] = []

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        self.owned |= set(partitions)
        self.events.append(("assigned", tuple(partitions)))
        return {partition: self._begin_at.get(partition, 0) for partition in partitions}

    def revoked(self, partitions: Sequence[int]) -> None:
        self.owned -= set(partitions)
        self.events.append(("revoked", tuple(sorted(partitions))))

    def lost(self, partitions: Sequence[int]) -> None:
        self.owned -= set(partitions)
        self.events.append(("lost", tuple(sorted(partitions))))


class Site(Protocol):
    """A cluster with the topics INPUT, OUTPUT and CHANGELOG, of the test's own."""

    def log(self, ordinal: int = 0) -> Log:
        """The log of one more process of the stage."""
        ...

    def now_ms(self) -> int:
        """The cluster's time."""
        ...

    def write(self, partition: int, key: bytes, at_ms: int | None = None) -> None:
        """Write one record to the input, from outside; at most refused."""
        ...

    def retain_from(self, partition: int, offset: int) -> None:
        """Let retention remove the input's older records."""
        ...

    def outputs(self, partition: int) -> list[bytes]:
        """Keys of the committed records of OUTPUT, up to the last stable offset."""
        ...

    def written(self, partition: int) -> int:
        """How many records and markers OUTPUT has, those of open transactions included."""
        ...

    def expel(self, log: Log) -> None:
        """Have the group drop the member that is behind ``log``, as when its heartbeats were missed."""
        ...

    def silence(self, log: Log) -> None:
        """Nothing that the process behind ``log`` says arrives any more."""
        ...

    def let_speak(self, log: Log) -> None:
        """It is heard again."""
        ...

    def lose_commit(self, log: Log, *, arrives: bool) -> None:
        """The next commit of ``log`` gets no answer, whether it ``arrives`` or not, and nothing after it."""
        ...

    def compact(self, partition: int, until: Callable[[], bool]) -> None:
        """Have the changelog compacted, its active segment aside, until something holds."""
        ...

    def poll_while(self, log: Log, action: Callable[[], object], until: Callable[[], bool]) -> list[Record]:
        """Poll once for what is there; ``action`` comes in between, and lasts until something holds."""
        ...

    def while_it_waits(self, question: Callable[[], Answer], action: Callable[[], object]) -> Answer:
        """Ask, see that the answer does not come, do ``action``, and return the answer then."""
        ...

    def settle(self, logs: Sequence[Log], until: Callable[[], bool]) -> list[Record]:
        """Poll all logs until something holds; returns what they gave. Fails when it never does."""
        ...

    def rest(self, logs: Sequence[Log]) -> None:
        """Poll all logs for longer than a rebalance takes."""
        ...

    def until(self, holds: Callable[[], bool]) -> None:
        """Let time pass until something holds, polling nothing. Fails when it never does."""
        ...

    def died(self, log: Log) -> None:
        """Take the process behind ``log`` for dead: nobody is going to close it."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...


class CommitLoss(NoTrouble):
    """Loses one commit when told to."""

    next: CommitFate = CommitFate.ANSWERED

    def of_commit(self) -> CommitFate:
        fate, self.next = self.next, CommitFate.ANSWERED
        return fate


class ModelSite:
    """On the model."""

    def __init__(self) -> None:
        self._losses = CommitLoss()
        topics = {each.name: each for each in TOPICS}
        self._cluster = ModelCluster(Random(7), 1_700_000_000_000, topics)  # noqa: S311 - repeatable on purpose

    def log(self, ordinal: int = 0) -> ModelLog:
        return ModelLog(self._cluster, STAGE, ordinal, INPUT, CHANGELOG, self._losses)

    def now_ms(self) -> int:
        return self._cluster.now_ms

    def write(self, partition: int, key: bytes, at_ms: int | None = None) -> None:
        at_ms = self.now_ms() if at_ms is None else at_ms
        self._cluster.append(INPUT.name, partition, key, b"value", at_ms, [("name", b"header")])

    def retain_from(self, partition: int, offset: int) -> None:
        self._cluster.partition(INPUT.name, partition).retain_from(offset)

    def outputs(self, partition: int) -> list[bytes]:
        return [entry.key for entry in self._cluster.partition(OUTPUT.name, partition).committed(0)]

    def written(self, partition: int) -> int:
        return self._cluster.partition(OUTPUT.name, partition).end

    def expel(self, log: Log) -> None:
        assert isinstance(log, ModelLog)
        assert log.member is not None
        self._cluster.group(STAGE, INPUT.name).leave(log.member)

    def silence(self, log: Log) -> None:
        assert isinstance(log, ModelLog)
        assert log.member is not None
        log.member.silent = True

    def let_speak(self, log: Log) -> None:
        assert isinstance(log, ModelLog)
        assert log.member is not None
        log.member.silent = False

    def lose_commit(self, log: Log, *, arrives: bool) -> None:
        assert isinstance(log, ModelLog)
        self._losses.next = CommitFate.ANSWER_LOST if arrives else CommitFate.REQUEST_LOST

    def compact(self, partition: int, until: Callable[[], bool]) -> None:
        log = self._cluster.partition(CHANGELOG.name, partition)
        log.compact(log.end, self.now_ms(), DELETE_RETENTION_MS)
        assert until()

    def poll_while(self, log: Log, action: Callable[[], object], until: Callable[[], bool]) -> list[Record]:
        action()
        self._cluster.advance(HEARTBEAT_MS)
        records = log.poll(100, 0)
        assert until(), "nothing came in between"
        return records

    def while_it_waits(self, question: Callable[[], Answer], action: Callable[[], object]) -> Answer:
        waited = []
        self._cluster.meanwhile = lambda: waited.append(action())
        answer = question()
        assert waited, "the answer came without waiting"
        return answer

    def settle(self, logs: Sequence[Log], until: Callable[[], bool]) -> list[Record]:
        records: list[Record] = []
        deadline_ms = self.now_ms() + int(WAIT_SECONDS * 1_000)
        while not until():
            assert self.now_ms() < deadline_ms, "it never comes about"
            for log in logs:
                records += log.poll(100, 0)
            self._cluster.background()
        return records

    def rest(self, logs: Sequence[Log]) -> None:
        over_ms = self.now_ms() + int(REST_SECONDS * 1_000)
        self.settle(logs, lambda: self.now_ms() >= over_ms)

    def until(self, holds: Callable[[], bool]) -> None:
        self.settle([], holds)

    def died(self, log: Log) -> None:
        pass

    def close(self) -> None:
        pass


class InterruptedLog(KafkaLog):
    """A log whose next poll for what is there is interrupted, once a first record has come."""

    _action: Callable[[], object] | None = None

    def interrupt(self, action: Callable[[], object], until: Callable[[], bool]) -> None:
        """Do ``action`` then, and go on taking what comes until something holds."""
        self._action, self._until, self._came = action, until, False

    def _consume(self, count: int, timeout_seconds: float) -> list[Any]:
        if self._action is None:
            return super()._consume(count, timeout_seconds)
        if timeout_seconds > 0:
            messages = super()._consume(count, timeout_seconds)
            self._came = any(message.error() is None for message in messages)
            return messages
        if not self._came:
            return []  # it shall have to wait
        self._action()
        self._action, deadline = None, time.monotonic() + WAIT_SECONDS
        messages = []
        while not self._until() and time.monotonic() < deadline:
            messages += super()._consume(count, 0.05)
        return messages


class KafkaSite:
    """On a real broker, under a prefix of its own."""

    def __init__(self, connection: KafkaConnection, proxy: CommitProxy | None = None) -> None:
        """``proxy`` stands before the broker, where some process is to fall silent."""
        self._connection = connection
        self._proxy = proxy
        self._prefix = f"conformance-{uuid4().hex[:8]}."
        self._settings: dict[str, Any] = {**connection.librdkafka(), "log_level": 0}
        self._admin = AdminClient(self._settings)
        self._producer = Producer({**self._settings, "linger.ms": 0})
        self._logs: list[KafkaLog] = []
        self._dead: list[KafkaLog] = []
        self._identities: list[tuple[KafkaLog, StageIdentity]] = []
        wanted = [
            NewTopic(self._prefix + each.name, each.partitions, 1, config=each.config()) for each in TOPICS
        ]
        for created in self._admin.create_topics(wanted).values():
            created.result(WAIT_SECONDS)
        self.until(
            lambda: {self._prefix + each.name for each in TOPICS} <= set(self._admin.list_topics().topics)
        )

    def log(self, ordinal: int = 0) -> KafkaLog:
        identity = StageIdentity(STAGE, ordinal, self._prefix)
        log = InterruptedLog(self._connection, identity, INPUT, CHANGELOG)
        self._logs.append(log)
        self._identities.append((log, identity))
        return log

    def now_ms(self) -> int:
        return wall_clock_ms()

    def write(self, partition: int, key: bytes, at_ms: int | None = None) -> None:
        self._producer.produce(
            self._prefix + INPUT.name,
            key=key,
            value=b"value",
            partition=partition,
            timestamp=at_ms or self.now_ms(),
            headers=[("name", b"header")],
        )
        assert not self._producer.flush(WAIT_SECONDS)

    def retain_from(self, partition: int, offset: int) -> None:
        place = TopicPartition(self._prefix + INPUT.name, partition, offset)
        for deleted in self._admin.delete_records([place]).values():
            deleted.result(WAIT_SECONDS)

    def outputs(self, partition: int) -> list[bytes]:
        settings = {
            **self._settings,
            "group.id": self._prefix + "outside",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
        consumer = Consumer(settings)
        consumer.assign([TopicPartition(self._prefix + OUTPUT.name, partition, 0)])
        keys: list[bytes] = []
        try:
            while True:
                (message,) = consumer.consume(1, WAIT_SECONDS) or (None,)
                assert message is not None, "no answer"
                if message.error() is not None:
                    return keys
                keys.append(message.key() or b"")
        finally:
            consumer.close()

    def written(self, partition: int) -> int:
        place = TopicPartition(self._prefix + OUTPUT.name, partition)
        listed = self._admin.list_offsets(
            {place: OffsetSpec.latest()},  # type: ignore[no-untyped-call]
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
        )
        return int(listed[place].result(WAIT_SECONDS).offset)

    def expel(self, log: Log) -> None:
        assert isinstance(log, KafkaLog)
        asyncio.run(_leave(self._connection, self._prefix + STAGE, log._consumer.memberid() or ""))

    def silence(self, log: Log) -> None:
        self._proxied.cut_off(self._client_of(log))

    def let_speak(self, log: Log) -> None:
        self._proxied.let_through(self._client_of(log))

    def lose_commit(self, log: Log, *, arrives: bool) -> None:
        self._proxied.lose(self._client_of(log), Loss.ANSWER if arrives else Loss.REQUEST)

    def compact(self, partition: int, until: Callable[[], bool]) -> None:
        name = self._prefix + CHANGELOG.name
        wanted = [
            ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
            for setting, value in SOON_COMPACTED.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=wanted)
        for altered in self._admin.incremental_alter_configs([resource]).values():
            altered.result(WAIT_SECONDS)

        def holds() -> bool:
            # Only what is written later begins a new segment; the newest one is never compacted.
            self._producer.produce(name, key=b"filler", value=b"", partition=partition)
            self._producer.flush(WAIT_SECONDS)
            return until()

        self.until(holds)

    def _client_of(self, log: Log) -> str:
        (identity,) = [identity for each, identity in self._identities if each is log]
        return identity.client_id

    @property
    def _proxied(self) -> CommitProxy:
        assert self._proxy is not None, "no proxy stands before this broker"
        return self._proxy

    def poll_while(self, log: Log, action: Callable[[], object], until: Callable[[], bool]) -> list[Record]:
        assert isinstance(log, InterruptedLog)
        log.interrupt(action, until)
        records = log.poll(100, WAIT_SECONDS)
        assert until(), "nothing came in between"
        return records

    def while_it_waits(self, question: Callable[[], Answer], action: Callable[[], object]) -> Answer:
        answers: list[Answer] = []
        asking = threading.Thread(target=lambda: answers.append(question()))
        asking.start()
        asking.join(0.5)
        assert not answers, "the answer came without waiting"
        action()
        asking.join(WAIT_SECONDS)
        (answer,) = answers
        return answer

    def settle(self, logs: Sequence[Log], until: Callable[[], bool]) -> list[Record]:
        records: list[Record] = []
        deadline = time.monotonic() + WAIT_SECONDS
        while not until():
            assert time.monotonic() < deadline, "it never comes about"
            for log in logs:
                records += log.poll(100, 0.01)
        return records

    def rest(self, logs: Sequence[Log]) -> None:
        over = time.monotonic() + REST_SECONDS
        self.settle(logs, lambda: time.monotonic() >= over)

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            assert time.monotonic() < deadline, "it never comes about"
            time.sleep(0.02)

    def died(self, log: Log) -> None:
        assert isinstance(log, KafkaLog)
        self._logs.remove(log)
        # Its end waits for an answer from itself: librdkafka closes no member that never gave back.
        self._dead.append(log)

    def close(self) -> None:
        for log in self._logs:
            # librdkafka has been seen not to return from the close of a member that others had put out.
            closing = threading.Thread(target=log._consumer.close, daemon=True)
            closing.start()
            closing.join(WAIT_SECONDS)
        for deleted in self._admin.delete_topics([self._prefix + each.name for each in TOPICS]).values():
            deleted.result(WAIT_SECONDS)


async def _leave(connection: KafkaConnection, group: str, member_id: str) -> None:
    """Say in a member's name that it leaves: the group forgets it, and it does not know."""
    client = AIOKafkaClient(**connection.aiokafka())
    await client.bootstrap()
    try:
        coordinator = await client.coordinator_lookup(CoordinationType.GROUP, group)
        request = LeaveGroupRequest(group, member_id)
        answer = await client.send(coordinator, request, group=ConnectionGroup.COORDINATION)
        assert answer.error_code == 0
    finally:
        await client.close()
