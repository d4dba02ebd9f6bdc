"""What the writer promises, on a real broker that answers, refuses, hangs or is gone."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from deploy.kafka import EmbeddedKafka
from parley.inbox.v1 import inbox_pb2
from services.contracts.catalogue import Topic, topic
from services.contracts.headers import Headers, header
from services.contracts.placement import partition_of
from services.runtime.clock import Clock, wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record_writer import (
    NotWritten,
    Overloaded,
    RecordTooLarge,
    RecordWriter,
    WriterLimits,
    WriteUnknown,
)
from tests.integration.kafka_rig import make_topics, read_all

pytestmark = pytest.mark.integration

INBOX = topic("inbox")
HOUR_MS = 3_600_000


def event(number: int, size: int = 0) -> inbox_pb2.InboxEvent:
    made = inbox_pb2.InboxEvent(business_id="1", profile_name="x" * size)
    made.message_received.message_id = f"wamid.{number}"
    return made


@asynccontextmanager
async def writing(
    connection: KafkaConnection,
    prefix: str,
    limits: WriterLimits | None = None,
    clock: Clock = wall_clock_ms,
) -> AsyncIterator[RecordWriter]:
    writer = RecordWriter(connection, prefix, clock, limits)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


async def put(writer: RecordWriter, number: int, key: bytes = b"1:u1_a", to: Topic = INBOX) -> None:
    await writer.write(to, key, event(number), "message_received", message_id=f"wamid.{number}")


def numbers_in(connection: KafkaConnection, prefix: str) -> list[int]:
    """What lies in inbox, in the order of its partitions."""
    records = read_all(connection, prefix, "inbox")
    ids = [
        inbox_pb2.InboxEvent.FromString(record.value() or b"").message_received.message_id
        for record in records
    ]
    return [int(message_id.removeprefix("wamid.")) for message_id in ids]


async def test_a_record_lies_where_and_as_it_should(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["inbox"])
    async with writing(kafka, prefix, clock=lambda: 1_760_000_000_123) as writer:
        await writer.write(
            INBOX,
            b"1:u1_a",
            event(7),
            "message_received",
            message_id="wamid.7",
            conversation=b"c",
            traceparent=b"00-t",
        )
        assert writer.answering
    [record] = read_all(kafka, prefix, "inbox")
    assert record.partition() == partition_of(INBOX, b"1:u1_a")
    assert (record.key(), record.value()) == (b"1:u1_a", event(7).SerializeToString())
    assert record.timestamp()[1] == 1_760_000_000_123
    headers = cast(Headers, record.headers())
    assert header(headers, "parley-schema") == b"parley.inbox.v1.InboxEvent"
    assert header(headers, "parley-kind") == b"message_received"
    assert header(headers, "parley-message-id") == b"wamid.7"
    assert header(headers, "parley-conversation") == b"c"
    assert header(headers, "traceparent") == b"00-t"


async def test_many_at_once_lie_there_once_and_in_the_order_of_the_calls(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["inbox"])
    async with writing(kafka, prefix, WriterLimits(batch_bytes_max=4_096)) as writer:
        await asyncio.gather(*(put(writer, number) for number in range(3_000)))
    assert numbers_in(kafka, prefix) == list(range(3_000))


async def test_no_topic_or_partition_is_certainly_not_written(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["inbox"])
    limits = WriterLimits(timeout_seconds=0.5, request_timeout_seconds=0.5)
    async with writing(kafka, prefix, limits) as writer:
        with pytest.raises(NotWritten):
            await writer.write(topic("consents"), b"1:u1_a", event(1), "granted")
        with pytest.raises(NotWritten, match="no partition 99"):
            await writer.write(INBOX, b"k", event(2), "message_received", partition=99)
        await put(writer, 3)
    assert numbers_in(kafka, prefix) == [3]


async def test_a_record_that_no_broker_takes_is_refused_at_once(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["inbox"])
    async with writing(kafka, prefix) as writer:
        with pytest.raises(RecordTooLarge):
            await writer.write(INBOX, b"k", event(1, size=1_000_000), "message_received")


async def test_after_a_refusal_the_next_record_is_written(kafka: KafkaConnection) -> None:
    """The broker refuses a time ahead of its clock; the sequence numbers of that batch are spent."""
    prefix = make_topics(kafka, ["intake"])
    ahead_ms = [HOUR_MS]
    async with writing(kafka, prefix, clock=lambda: wall_clock_ms() + ahead_ms[0]) as writer:
        for number in range(2):
            with pytest.raises(NotWritten, match="InvalidTimestamp"):
                await put(writer, number, to=topic("intake"))
        ahead_ms[0] = 0
        for number in range(3):
            await put(writer, number, to=topic("intake"))
    assert len(read_all(kafka, prefix, "intake")) == 3


async def test_who_is_cancelled_while_waiting_is_not_written(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["inbox"])
    async with writing(kafka, prefix) as writer:
        await put(writer, 0)
        writes = [asyncio.ensure_future(put(writer, number)) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        writes[1].cancel()
        await asyncio.gather(*writes, return_exceptions=True)
    assert numbers_in(kafka, prefix) == [0, 1, 3]


async def test_a_writer_that_stopped_takes_nothing(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["inbox"])
    writer = RecordWriter(kafka, prefix, wall_clock_ms)
    await writer.start()
    written = asyncio.ensure_future(put(writer, 1))
    await asyncio.sleep(0)
    await writer.stop()
    await written
    with pytest.raises(NotWritten, match="does not run"):
        await put(writer, 2)
    await writer.stop()
    assert numbers_in(kafka, prefix) == [1]


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path_factory.mktemp("stopped"), heap_mb=256) as own:
        yield own


@pytest.fixture
def broker(own_broker: EmbeddedKafka) -> EmbeddedKafka:
    """A broker that the test may stop and kill."""
    own_broker.start()
    return own_broker


SHORT = WriterLimits(held_records_max=20, timeout_seconds=0.6, request_timeout_seconds=1.5)


async def outcomes(writer: RecordWriter, numbers: range) -> dict[type[Exception] | None, list[int]]:
    """What became of writes made at once."""
    answers = await asyncio.gather(*(put(writer, number) for number in numbers), return_exceptions=True)
    found: dict[type[Exception] | None, list[int]] = {}
    for number, answer in zip(numbers, answers, strict=True):
        assert answer is None or isinstance(answer, Exception)
        found.setdefault(None if answer is None else type(answer), []).append(number)
    return found


async def until_answering(writer: RecordWriter) -> None:
    async with asyncio.timeout(20):
        while not writer.answering:
            await asyncio.sleep(0.02)


async def test_a_broker_that_hangs(broker: EmbeddedKafka) -> None:
    """What was handed over is unknown, what waited behind it is not written, what is too much overloads."""
    connection = broker.connection()
    prefix = make_topics(connection, ["inbox"])
    async with writing(connection, prefix, SHORT) as writer:
        await put(writer, 0)
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            first = asyncio.ensure_future(outcomes(writer, range(1, 6)))
            await asyncio.sleep(SHORT.pace_seconds * 10)  # the first round is handed over
            second = await outcomes(writer, range(6, 31))
            assert await first == {WriteUnknown: [1, 2, 3, 4, 5]}
            assert second == {NotWritten: list(range(6, 21)), Overloaded: list(range(21, 31))}
            assert not writer.answering
            with pytest.raises(NotWritten, match="wait for the broker"):
                await put(writer, 31)
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        await until_answering(writer)
        await put(writer, 32)
    lies_there = numbers_in(connection, prefix)
    assert lies_there == sorted(set(lies_there)), "nothing twice, nothing out of order"
    assert set(lies_there) >= {0, 32}
    assert not set(lies_there) & set(range(6, 32)), "what was said not to be written is not"


async def test_a_broker_that_is_gone_and_comes_back(broker: EmbeddedKafka) -> None:
    connection = broker.connection()
    prefix = make_topics(connection, ["inbox"])
    async with writing(connection, prefix, SHORT) as writer:
        await put(writer, 0)
        await asyncio.to_thread(broker.kill)
        lost = await outcomes(writer, range(1, 4))
        assert set(lost) <= {WriteUnknown, NotWritten}
        await asyncio.to_thread(broker.start)
        await until_answering(writer)
        await put(writer, 9)
    lies_there = numbers_in(connection, prefix)
    assert lies_there == sorted(set(lies_there))
    assert lies_there[0] == 0
    assert lies_there[-1] == 9
    assert not set(lies_there) & set(lost.get(NotWritten, ()))


async def test_it_stops_even_when_the_broker_is_gone(broker: EmbeddedKafka) -> None:
    connection = broker.connection()
    prefix = make_topics(connection, ["inbox"])
    writer = RecordWriter(connection, prefix, wall_clock_ms, SHORT)
    await writer.start()
    await put(writer, 0)
    await asyncio.to_thread(broker.kill)
    write = asyncio.ensure_future(put(writer, 1))
    async with asyncio.timeout(15):
        await writer.stop()
    with pytest.raises((WriteUnknown, NotWritten)):
        await write
