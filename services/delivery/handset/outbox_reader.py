"""Reads the outbox: from its beginning, to know who waits; then as it grows, for those who are connected."""

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from google.protobuf.message import DecodeError

from parley.delivery.v1 import outbox_pb2
from services.contracts.catalogue import topic
from services.contracts.headers import TRACEPARENT, header
from services.contracts.keys import conversation_key
from services.delivery.handset import metrics
from services.delivery.handset.errors import OutboxUnreadable
from services.delivery.handset.switchboard import Switchboard
from services.delivery.handset.waiting import Waiting
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_startup import require_topics
from services.runtime.kafka_stop import stop_consumer

OUTBOX = topic("outbox")
POLL_MS = 1_000
BATCH_RECORDS_MAX = 500
SILENT_SECONDS_MAX = 10.0

log = structlog.get_logger()


class OutboxReader:
    """Owns every partition of the outbox: one replica of this worker serves all customers."""

    def __init__(self, connection: KafkaConnection, topic_prefix: str, waiting: Waiting) -> None:
        """Nothing is connected before ``start``."""
        self._connection = connection
        self._prefix = topic_prefix
        name = topic_prefix + OUTBOX.name
        self._partitions = [TopicPartition(name, number) for number in range(OUTBOX.partitions)]
        self._waiting = waiting
        self._consumer: AIOKafkaConsumer | None = None
        self._answers: list[int] = []
        self._answered_at = 0.0

    async def start(self) -> None:
        """Read all that is committed, contents dropped.

        Waits, with a log line an attempt, until a broker answers. Raises KafkaRefused, TopicMissing and
        OutboxUnreadable.
        """
        await require_topics(self._connection, self._prefix, [OUTBOX])
        consumer = AIOKafkaConsumer(
            **self._connection.aiokafka(),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self._consumer = consumer
        await consumer.start()
        consumer.assign(self._partitions)
        await consumer.seek_to_beginning(*self._partitions)
        ends = await consumer.end_offsets(self._partitions)
        while await _is_behind(consumer, ends):
            for record in await self._read(consumer):
                self._restore(record)
        log.info("the outbox is read", waiting=self._waiting.count)

    async def follow(self, switchboard: Switchboard) -> None:
        """After ``start``: give what comes to the switchboard, until cancelled. Raises OutboxUnreadable."""
        while (consumer := self._consumer) is not None:
            for record in await self._read(consumer):
                user_ref, name, event = _parse(record)
                if event is None:
                    switchboard.ended(user_ref, name)
                else:
                    await switchboard.emitted(event, name, _traceparent(record))
            metrics.WAITING.set(self._waiting.count)

    async def stop(self) -> None:
        """Disconnect. Safe to call twice."""
        if self._consumer is not None:
            await stop_consumer(self._consumer)
            self._consumer = None

    @property
    def answering(self) -> bool:
        """Whether Kafka has answered lately."""
        return asyncio.get_running_loop().time() - self._answered_at < SILENT_SECONDS_MAX

    async def _read(self, consumer: AIOKafkaConsumer) -> list[ConsumerRecord]:
        batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_RECORDS_MAX)
        answers = [consumer.last_poll_timestamp(partition) for partition in self._partitions]
        if answers != self._answers:
            self._answers, self._answered_at = answers, asyncio.get_running_loop().time()
        return [record for records in batches.values() for record in records]

    def _restore(self, record: ConsumerRecord) -> None:
        user_ref, name, event = _parse(record)
        if event is None:
            self._waiting.end(user_ref, name)
        else:
            conversation = conversation_key(event.business_id, user_ref)
            self._waiting.add(user_ref, conversation, name, _traceparent(record))


async def _is_behind(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return True
    return False


def _parse(record: ConsumerRecord) -> tuple[str, str, outbox_pb2.OutboxEvent | None]:
    """Customer, name, and the event; None for a tombstone."""
    try:
        user_ref, _, name = record.key.decode().partition("/")
        event = None if record.value is None else outbox_pb2.OutboxEvent.FromString(record.value)
    except (DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(record, str(error)) from None
    if event is not None and event.WhichOneof("event") is None:
        raise _unreadable(record, "it says nothing that this version knows")
    return user_ref, name, event


def _traceparent(record: ConsumerRecord) -> bytes | None:
    return header(list(record.headers), TRACEPARENT)


def _unreadable(record: ConsumerRecord, why: str) -> OutboxUnreadable:
    where = f"{record.topic}/{record.partition} offset {record.offset}"
    return OutboxUnreadable(f"{where} cannot be read ({why}): is delivery newer than this worker?")
