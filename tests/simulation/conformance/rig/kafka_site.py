"""The real broker's site, under a prefix of its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
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

from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_log import KafkaLog
from services.runtime.kafka_settings import StageIdentity
from services.runtime.log import Log
from services.runtime.record import Record
from tests.integration.hard_cases.rig.commit_proxy import CommitProxy, Loss
from tests.simulation.conformance.rig.interrupted_log import InterruptedLog
from tests.simulation.conformance.rig.site import (
    CHANGELOG,
    INPUT,
    OUTPUT,
    REST_SECONDS,
    STAGE,
    TOPICS,
    WAIT_SECONDS,
    Answer,
)

SOON_COMPACTED = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0"}


_DEAD: list[KafkaLog] = []
"""Logs whose process is dead, kept until ours ends: librdkafka waits for ever where a member that never gave
its partitions back is destroyed, be it by the garbage collector in the middle of another test."""


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
        # A warm one: a transaction that is open meanwhile has five seconds.
        self._outside = Consumer(
            {
                **self._settings,
                "group.id": self._prefix + "outside",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        self._logs: list[KafkaLog] = []
        self._identities: list[tuple[KafkaLog, StageIdentity]] = []
        # Records of tests are as old as they say: retention, which looks now and then, may not delete them.
        kept = {"retention.ms": "-1"}
        wanted = [
            NewTopic(self._prefix + each.name, each.partitions, 1, config=each.config() | kept)
            for each in TOPICS
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
        self._outside.assign([TopicPartition(self._prefix + OUTPUT.name, partition, 0)])
        keys: list[bytes] = []
        while True:
            (message,) = self._outside.consume(1, WAIT_SECONDS) or (None,)
            assert message is not None, "no answer"
            if message.error() is not None:
                return keys
            keys.append(message.key() or b"")

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
        log._unowned._stopping.set()
        _DEAD.append(log)

    def close(self) -> None:
        self._outside.close()
        for log in self._logs:
            log._unowned._stopping.set()
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
