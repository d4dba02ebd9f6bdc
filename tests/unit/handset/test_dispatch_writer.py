"""Reports to delivery: in order, written until Kafka has them, and few of them held."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from parley.delivery.v1 import dispatch_pb2
from services.contracts.catalogue import Topic
from services.contracts.headers import KIND, MESSAGE_ID, TRACEPARENT, Headers, header
from services.contracts.placement import partition_of
from services.delivery.handset.dispatch_writer import DISPATCH, DispatchWriter
from services.delivery.handset.limits import HandsetLimits
from services.runtime.write_errors import NotWritten, Overloaded, RecordTooLarge, WriteUnknown

DELIVERED, READ = dispatch_pb2.RECEIPT_DELIVERED, dispatch_pb2.RECEIPT_READ
CONVERSATION = b"1:u1_a"


class Kafka:
    """Takes records, or fails with what is next in ``failures``; while ``stalled`` it does not answer."""

    def __init__(self) -> None:
        self.records: list[tuple[int, bytes, dispatch_pb2.DispatchEvent, Headers]] = []
        self.failures: list[Exception] = []
        self.raises: list[Exception] = []
        self.stalled: list[asyncio.Future[None]] | None = None

    def submit(
        self, topic: Topic, partition: int, key: bytes, value: bytes, headers: Headers
    ) -> asyncio.Future[None]:
        assert topic is DISPATCH
        if self.raises:
            raise self.raises.pop(0)
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.failures:
            end.set_exception(self.failures.pop(0))
            return end
        self.records.append((partition, key, dispatch_pb2.DispatchEvent.FromString(value), headers))
        if self.stalled is None:
            end.set_result(None)
        else:
            self.stalled.append(end)
        return end

    def receipts(self) -> list[tuple[str, int]]:
        return [
            (event.receipt_received.message_id, event.receipt_received.receipt)
            for _, _, event, _ in self.records
        ]


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


def started(kafka: Kafka, drain_seconds_max: float) -> DispatchWriter:
    limits = HandsetLimits(
        lane_records_max=2, batch_records_max=2, retry_seconds=0.001, drain_seconds_max=drain_seconds_max
    )
    writer = DispatchWriter(kafka, lambda: 1_000, limits)
    writer.start()
    return writer


@pytest.fixture
async def writer(kafka: Kafka) -> AsyncIterator[DispatchWriter]:
    writer = started(kafka, drain_seconds_max=10)
    yield writer
    await writer.stop()


async def test_a_report_says_what_happened_and_lies_with_its_conversation(
    kafka: Kafka, writer: DispatchWriter
) -> None:
    await writer.received(CONVERSATION, "m1", READ, b"trace")
    await writer.offline(CONVERSATION, "m2", 3, None)
    await writer.connected(CONVERSATION, "c1")
    await writer.stop()
    received, offline, connected = kafka.records
    partition, key, event, headers = received
    assert (partition, key) == (partition_of(DISPATCH, CONVERSATION), CONVERSATION)
    assert event.receipt_received == dispatch_pb2.ReceiptReceived(
        message_id="m1", receipt=READ, received_at_ms=1_000
    )
    assert [header(headers, name) for name in (KIND, MESSAGE_ID, TRACEPARENT)] == [
        b"receipt_received",
        b"m1",
        b"trace",
    ]
    assert offline[2].customer_was_offline == dispatch_pb2.CustomerWasOffline(message_id="m2", attempt=3)
    assert connected[2].customer_connected == dispatch_pb2.CustomerConnected(
        connected_at_ms=1_000, connection="c1"
    )


@pytest.mark.parametrize("failure", [NotWritten("x"), Overloaded("x"), WriteUnknown("x")])
async def test_what_kafka_does_not_confirm_is_written_again_in_order(
    kafka: Kafka, writer: DispatchWriter, failure: Exception
) -> None:
    kafka.failures = [failure, failure, failure]
    for n in range(6):
        await writer.received(CONVERSATION, f"m{n}", DELIVERED, None)
        await writer.received(CONVERSATION, f"m{n}", READ, None)
    await writer.stop()
    assert kafka.receipts()[-10:] == [
        (f"m{n}", receipt) for n in range(1, 6) for receipt in (DELIVERED, READ)
    ]
    assert sorted(kafka.receipts()[:2]) == [("m0", DELIVERED), ("m0", READ)]


async def test_a_writer_that_refuses_at_once_is_asked_again(kafka: Kafka, writer: DispatchWriter) -> None:
    kafka.raises = [Overloaded("x"), NotWritten("x")]
    await writer.received(CONVERSATION, "m1", DELIVERED, None)
    await writer.stop()
    assert kafka.receipts() == [("m1", DELIVERED)]


async def test_who_reports_waits_while_kafka_is_away(kafka: Kafka, writer: DispatchWriter) -> None:
    kafka.stalled = []
    reports = [asyncio.create_task(writer.received(CONVERSATION, f"m{n}", DELIVERED, None)) for n in range(9)]
    async with asyncio.timeout(5):
        while not kafka.stalled or writer.held < 2:
            await asyncio.sleep(0)
    waiting = [report for report in reports if not report.done()]
    assert len(waiting) == 9 - 2 - 2, "two are being written, two are held"
    stalled, kafka.stalled = kafka.stalled, None
    for end in stalled:
        end.set_result(None)
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
    await writer.stop()
    assert [name for name, _ in kafka.receipts()] == [f"m{n}" for n in range(9)]


async def test_an_impossible_record_ends_the_lane(kafka: Kafka, writer: DispatchWriter) -> None:
    kafka.failures = [RecordTooLarge("x")]
    await writer.received(CONVERSATION, "m1", DELIVERED, None)
    done, _ = await asyncio.wait(writer.tasks, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert isinstance(done.pop().exception(), RecordTooLarge)


async def test_a_stop_gives_up_what_kafka_does_not_take(kafka: Kafka) -> None:
    writer = started(kafka, drain_seconds_max=0.05)
    kafka.stalled = []
    for n in range(3):
        await writer.received(CONVERSATION, f"m{n}", DELIVERED, None)
    async with asyncio.timeout(5):
        await writer.stop()
    assert writer.held > 0
