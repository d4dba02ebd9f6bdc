"""How asynchronous processes write to Kafka: acknowledged by all replicas in sync, and honest about failure.

aiokafka's own queue cannot give a record back, so records wait here, one lane a partition, and aiokafka is
handed one batch of a lane at a time. What still waits when its time is over is certainly not written; what
was handed over may be.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors
from google.protobuf.message import Message

from services.contracts.catalogue import Topic
from services.contracts.headers import Headers, headers_for
from services.contracts.placement import partition_of
from services.runtime import writer_metrics as metrics
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_startup import until_reachable
from services.runtime.write_errors import NotWritten, Overloaded, RecordTooLarge, WriteUnknown
from services.runtime.writer_lane import Entry, Held, Lane

__all__ = ["NotWritten", "Overloaded", "RecordTooLarge", "RecordWriter", "WriteUnknown", "WriterLimits"]

log = structlog.get_logger()

REFUSED: tuple[type[kafka_errors.KafkaError], ...] = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.InvalidTimestampError,
    kafka_errors.InvalidTopicError,
    kafka_errors.UnknownTopicOrPartitionError,
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.PolicyViolationError,
    kafka_errors.UnsupportedForMessageFormatError,
)
"""Answers by which a broker says that it kept nothing of the batch. Any other error leaves it open."""


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """Bounds of what a writer holds and how long it waits."""

    held_records_max: int = 8_192
    held_bytes_max: int = 64 * 1024 * 1024
    record_bytes_max: int = 1_000_000
    batch_bytes_max: int = 256 * 1024
    timeout_seconds: float = 5.0
    """From `write` to the acknowledgement."""
    pace_seconds: float = 0.005
    """Least time between two rounds of batches; the first record after a pause goes at once."""
    request_timeout_seconds: float = 10.0
    """After so long without an answer aiokafka gives the connection up and tries the batch again."""


class RecordWriter:
    """Writes records from one event loop. Records of one partition are written in the order of the calls."""

    def __init__(
        self,
        connection: KafkaConnection,
        topic_prefix: str,
        clock: Callable[[], int],
        limits: WriterLimits | None = None,
    ) -> None:
        """`clock` gives record times, Unix milliseconds. Nothing is connected before `start`."""
        self._connection = connection
        self._prefix = topic_prefix
        self._clock = clock
        self._limits = limits or WriterLimits()
        self._held = Held()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._ready: dict[Lane, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._producer: AIOKafkaProducer | None = None
        self._renewing = False
        self._running = False
        self._round: asyncio.Handle | None = None
        self._last_round = 0.0
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Connect; waits, with a log line an attempt, until a broker answers. Raises KafkaRefused."""
        self._loop = asyncio.get_running_loop()
        self._producer = await self._connect()
        self._running = True
        self._sweep_later()

    async def stop(self) -> None:
        """Take no more, wait up to the time-out for what is held, then disconnect. Safe to call twice."""
        self._running = False
        held = [entry.waiter for lane in self._lanes.values() for entry in (*lane.sent, *lane.waiting)]
        if held:
            await asyncio.wait(held, timeout=self._limits.timeout_seconds)
        for timer in (self._sweep, self._round):
            if timer:
                timer.cancel()
        for lane in self._lanes.values():
            lane.settle_waiting(NotWritten("the writer stops"))
            lane.settle_sent(WriteUnknown("the writer stops"))
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._producer:
            await _disconnect(self._producer)
            self._producer = None

    @property
    def answering(self) -> bool:
        """Whether the writer runs, is connected and no batch is overdue: what readiness should show."""
        connected = self._running and self._producer is not None
        return connected and not any(lane.stalled for lane in self._lanes.values())

    async def write(
        self,
        topic: Topic,
        key: bytes,
        event: Message,
        kind: str,
        *,
        message_id: str = "",
        conversation: bytes = b"",
        traceparent: bytes | None = None,
        partition: int | None = None,
    ) -> None:
        """Write one record and return once all replicas in sync have it.

        `kind` is the oneof member that is set in `event`; `partition` is for topics whose records lie where
        their cause lies. Raises NotWritten (Overloaded, RecordTooLarge) or WriteUnknown. A caller that is
        cancelled knows no more than with WriteUnknown.
        """
        headers = headers_for(
            event, kind, message_id=message_id, conversation=conversation, traceparent=traceparent
        )
        place = partition_of(topic, key) if partition is None else partition
        await self.submit(topic, place, key, event.SerializeToString(), headers)

    def submit(
        self, topic: Topic, partition: int, key: bytes, value: bytes, headers: Headers
    ) -> asyncio.Future[None]:
        """Queue a record; the future ends as `write` does. Raises NotWritten (also its kinds) at once."""
        if not self._running:
            raise NotWritten("the writer does not run")
        lane = self._lanes.get((topic.name, partition))
        if lane is None:
            lane = Lane(self._prefix + topic.name, partition, self._held)
            self._lanes[topic.name, partition] = lane
        deadline = self._loop.time() + self._limits.timeout_seconds
        entry = Entry(key, value, headers, self._clock(), deadline, self._loop.create_future())
        self._admit(lane, entry)
        lane.add(entry)
        if not lane.sent:
            self._ready[lane] = None
            self._round_soon()
        return entry.waiter

    def _admit(self, lane: Lane, entry: Entry) -> None:
        limits = self._limits
        if lane.stalled:
            metrics.NOT_WRITTEN.inc()
            raise NotWritten(f"Kafka does not answer for {lane.topic}/{lane.partition}: wait for the broker")
        if entry.size > limits.record_bytes_max:
            metrics.NOT_WRITTEN.inc()
            raise RecordTooLarge(f"a record of {entry.size} bytes is over {limits.record_bytes_max}")
        records, size = self._held.records, self._held.bytes
        if records >= limits.held_records_max or size + entry.size > limits.held_bytes_max:
            metrics.OVERLOADED.inc()
            raise Overloaded(f"{records} records wait for Kafka already")

    def _round_soon(self) -> None:
        if self._round is None:
            due = self._last_round + self._limits.pace_seconds
            if due <= self._loop.time():
                self._round = self._loop.call_soon(self._send_round)
            else:
                self._round = self._loop.call_at(due, self._send_round)

    def _send_round(self) -> None:
        self._round = None
        producer = self._producer
        if producer is None:  # being renewed, which ends with a round
            return
        self._last_round = self._loop.time()
        ready, self._ready = self._ready, {}
        for lane in ready:
            if not lane.known:
                self._spawn(self._learn(lane, producer))
                continue
            batch = producer.create_batch()
            lane.fill(batch)
            if lane.sent:
                self._spawn(self._send(lane, batch, producer))
        metrics.HELD.set(self._held.records)

    async def _learn(self, lane: Lane, producer: AIOKafkaProducer) -> None:
        """Look once whether the cluster has the lane's partition; what waits meanwhile is not written yet."""
        try:
            partitions = await producer.partitions_for(lane.topic)
        except kafka_errors.KafkaError as error:
            lane.settle_waiting(NotWritten(f"Kafka has no topic {lane.topic} for us: {error!r}"))
            return
        if lane.partition not in partitions:
            lane.settle_waiting(
                NotWritten(f"{lane.topic} has no partition {lane.partition}: see `parley topics diff`")
            )
            return
        lane.known = True
        self._next_of(lane)

    async def _send(self, lane: Lane, batch: Any, producer: AIOKafkaProducer) -> None:
        began = self._loop.time()
        try:
            await (await producer.send_batch(batch, lane.topic, partition=lane.partition))
        except REFUSED as error:
            self._failed(lane, producer, NotWritten(f"Kafka refused a batch of {lane.topic}: {error!r}"))
        except kafka_errors.KafkaError as error:
            self._failed(lane, producer, WriteUnknown(f"Kafka failed on {lane.topic}: {error!r}"))
        else:
            metrics.ACKNOWLEDGED.observe(self._loop.time() - began)
            lane.settle_sent(None)
        self._next_of(lane)

    def _next_of(self, lane: Lane) -> None:
        if lane.waiting:
            self._ready[lane] = None
            self._round_soon()

    def _failed(self, lane: Lane, producer: AIOKafkaProducer, error: Exception) -> None:
        log.warning(
            "Kafka did not take a batch", topic=lane.topic, partition=lane.partition, error=str(error)
        )
        lane.settle_sent(error)
        # The batch's sequence numbers are spent: this producer's next batch would be out of order for ever.
        if producer is self._producer and not self._renewing:
            self._renewing = True
            self._producer = None
            self._spawn(self._renew(producer))

    async def _renew(self, spent: AIOKafkaProducer) -> None:
        try:
            self._producer = await self._connect()
            self._renewing = False
            if self._ready:
                self._round_soon()
            # What the old one still has is settled by it, lane by lane; only then it may go.
            await spent.flush()
        finally:
            self._renewing = False
            await _disconnect(spent)

    async def _connect(self) -> AIOKafkaProducer:
        limits = self._limits
        while True:
            await until_reachable(self._connection)
            producer = AIOKafkaProducer(
                **self._connection.aiokafka(),
                acks="all",
                enable_idempotence=True,
                max_batch_size=limits.batch_bytes_max,
                request_timeout_ms=int(limits.request_timeout_seconds * 1000),
                retry_backoff_ms=50,
            )
            try:
                await producer.start()
            except BaseException as error:
                await _disconnect(producer)
                if not isinstance(error, kafka_errors.KafkaError):
                    raise
                log.warning("waiting for Kafka", reason=repr(error))
            else:
                return producer

    def _sweep_later(self) -> None:
        self._sweep = self._loop.call_later(self._limits.timeout_seconds / 20, self._sweep_overdue)

    def _sweep_overdue(self) -> None:
        now = self._loop.time()
        for lane in self._lanes.values():
            lane.sweep(now)
        metrics.HELD.set(self._held.records)
        self._sweep_later()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _disconnect(producer: AIOKafkaProducer) -> None:
    """Close a producer even when its broker is gone: its own `stop` would wait for a flush for ever."""
    await producer.client.close()
    await producer._sender.close()
    await producer.stop()
