"""Reads topics as a member of a group, and commits what is settled: at least once, never less."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors

from services.delivery.webhooks.progress import Progress
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_stop import stop_consumer

SESSION_MS = 6_000
HEARTBEAT_MS = 1_500
POLL_MS = 250
PASS_SECONDS = 0.008
"""Least time between two passes: what came meanwhile is fetched together."""
HOLD_SECONDS = 0.02
PASS_RECORDS_MAX = 500
COMMIT_SECONDS = 1.0
COMMIT_SECONDS_MAX = 5.0
DRAIN_SECONDS = 3.0
"""How long partitions that go to another member are finished here first."""

log = structlog.get_logger()

Take = Callable[[ConsumerRecord, Callable[[], None]], None]
"""Takes a record in without waiting; the callable is called once, when the record needs no more work."""


class Reader(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One member of a group. Static membership: a restarted member has its partitions back at once."""

    def __init__(
        self,
        connection: KafkaConnection,
        group: str,
        ordinal: int,
        topics: Iterable[str],
        take: Take,
        hold_back: Callable[[], bool],
        revoked: Callable[[], None] = lambda: None,
    ) -> None:
        """While `hold_back` is True nothing more is read. `revoked` is called before partitions leave."""
        self._topics = list(topics)
        self._take = take
        self._hold_back = hold_back
        self._revoked = revoked
        self._progress: dict[TopicPartition, Progress] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._consumer = AIOKafkaConsumer(
            **connection.aiokafka(),
            group_id=group,
            group_instance_id=f"{group}-{ordinal}",
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
        )

    async def start(self) -> None:
        """Connect and join the group."""
        self._loop = asyncio.get_running_loop()
        await self._consumer.start()
        self._consumer.subscribe(self._topics, listener=self)

    async def run(self) -> None:
        """Read until cancelled. Raises aiokafka's errors that do not pass."""
        commit_at = self._loop.time() + COMMIT_SECONDS
        while True:
            if self._hold_back():
                await asyncio.sleep(HOLD_SECONDS)
            else:
                batch = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=PASS_RECORDS_MAX)
                for partition, records in batch.items():
                    self._hand_out(partition, records)
                await asyncio.sleep(PASS_SECONDS)
            if self._loop.time() >= commit_at:
                await self._commit(tuple(self._progress))
                commit_at = self._loop.time() + COMMIT_SECONDS

    async def stop(self) -> None:
        """Commit what is settled and leave. Call it when nothing is under way any more."""
        await self._commit(tuple(self._progress))
        await stop_consumer(self._consumer)

    @property
    def has_partitions(self) -> bool:
        """Whether the group has given this member its share."""
        return bool(self._progress)

    @property
    def open_records(self) -> int:
        """Records read and not settled."""
        return sum(len(progress) for progress in self._progress.values())

    def pause(self, partition: TopicPartition) -> None:
        """Read no more of a partition."""
        if partition in self._progress:
            self._consumer.pause(partition)

    def resume(self, partition: TopicPartition) -> None:
        """Read on."""
        if partition in self._progress:
            self._consumer.resume(partition)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by aiokafka."""
        self._progress = {partition: Progress() for partition in assigned}
        self._committed = {}

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by aiokafka, which waits: what is under way is finished here where it can be."""
        self._revoked()
        leaving = [partition for partition in revoked if partition in self._progress]
        deadline = self._loop.time() + DRAIN_SECONDS
        while any(len(self._progress[partition]) for partition in leaving) and self._loop.time() < deadline:
            await asyncio.sleep(PASS_SECONDS)
        await self._commit(leaving)
        for partition in leaving:
            del self._progress[partition]

    def _hand_out(self, partition: TopicPartition, records: list[ConsumerRecord]) -> None:
        progress = self._progress.get(partition)
        if progress is None:  # on its way to another member, who reads it again
            return
        for record in records:
            progress.begin(record.offset)
            self._take(record, partial(progress.settle, record.offset))

    async def _commit(self, partitions: Iterable[TopicPartition]) -> None:
        try:
            async with asyncio.timeout(COMMIT_SECONDS_MAX):
                offsets = await self._news(partitions)
                if offsets:
                    await self._consumer.commit(offsets)
                    self._committed.update(offsets)
        except (kafka_errors.KafkaError, TimeoutError) as error:
            log.warning("offsets are not committed", error=repr(error))

    async def _news(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """What may be committed and is not yet."""
        offsets = {}
        for partition in partitions:
            progress = self._progress.get(partition)
            if progress is None:
                continue
            offset = progress.first_open
            if offset is None:
                offset = await self._consumer.position(partition)
            if offset != self._committed.get(partition):
                offsets[partition] = offset
        return offsets
