"""What the channel reports to delivery: receipts, customers who are away, customers who are back.

A report is written until Kafka has it: each may be written twice without harm, but a receipt that got lost
would leave a message that the customer has read to expire. Meanwhile little is held: a lane a partition,
and where it is full, whoever reports waits, so that nothing more is read from devices.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

import structlog

from parley.delivery.v1 import dispatch_pb2
from services.contracts.catalogue import Topic, topic
from services.contracts.headers import Headers, headers_for
from services.contracts.placement import partition_of
from services.delivery.handset import metrics
from services.delivery.handset.limits import HandsetLimits
from services.runtime.write_errors import NotWritten, RecordTooLarge, WriteUnknown

DISPATCH = topic("dispatch")

log = structlog.get_logger()


class Submits(Protocol):
    """What is wanted of a RecordWriter."""

    def submit(
        self, topic: Topic, partition: int, key: bytes, value: bytes, headers: Headers
    ) -> asyncio.Future[None]:
        """Queue a record; the future ends, or the call raises, with NotWritten or WriteUnknown."""
        ...


class Report(NamedTuple):
    """One record on its way to ``dispatch``."""

    key: bytes
    value: bytes
    headers: Headers


class DispatchWriter:
    """Writes reports, those of a conversation in the order of the calls; a call returns before that."""

    def __init__(self, writer: Submits, clock: Callable[[], int], limits: HandsetLimits) -> None:
        """``clock`` gives Unix milliseconds. Nothing is written before ``start``."""
        self._writer = writer
        self._clock = clock
        self._limits = limits
        self._lanes: list[asyncio.Queue[Report]] = [
            asyncio.Queue(limits.lane_records_max) for _ in range(DISPATCH.partitions)
        ]
        self.tasks: list[asyncio.Task[None]] = []
        """One a lane, from ``start`` to ``stop``; one that ends by itself has failed."""

    def start(self) -> None:
        """Begin to write, in tasks."""
        self.tasks = [asyncio.create_task(self._drain(number)) for number in range(len(self._lanes))]

    async def stop(self) -> None:
        """Write what is held for as long as the limits say, then give up the rest."""
        joins = [asyncio.create_task(lane.join()) for lane in self._lanes]
        await asyncio.wait(joins, timeout=self._limits.drain_seconds_max)
        for task in (*joins, *self.tasks):
            task.cancel()
        await asyncio.gather(*joins, *self.tasks, return_exceptions=True)
        if left := self.held:
            log.warning(
                "stopped with reports unwritten: these messages come to the customer again", left=left
            )

    @property
    def held(self) -> int:
        """How many reports wait to be written."""
        return sum(lane.qsize() for lane in self._lanes)

    async def received(
        self, conversation: bytes, name: str, receipt: dispatch_pb2.Receipt, traceparent: bytes | None
    ) -> None:
        """The customer's side confirms a message, notice or read mark. Waits only while the lane is full."""
        event = dispatch_pb2.DispatchEvent()
        event.receipt_received.message_id = name
        event.receipt_received.receipt = receipt
        event.receipt_received.received_at_ms = self._clock()
        await self._report(conversation, event, "receipt_received", name, traceparent)

    async def offline(
        self, conversation: bytes, message_id: str, attempt: int, traceparent: bytes | None
    ) -> None:
        """Nobody was there for an attempt."""
        event = dispatch_pb2.DispatchEvent()
        event.customer_was_offline.message_id = message_id
        event.customer_was_offline.attempt = attempt
        await self._report(conversation, event, "customer_was_offline", message_id, traceparent)

    async def connected(self, conversation: bytes, connection: str) -> None:
        """The customer is back: all that waits in the conversation is due."""
        event = dispatch_pb2.DispatchEvent()
        event.customer_connected.connected_at_ms = self._clock()
        event.customer_connected.connection = connection
        await self._report(conversation, event, "customer_connected", "", None)

    async def _report(
        self,
        conversation: bytes,
        event: dispatch_pb2.DispatchEvent,
        kind: str,
        message_id: str,
        traceparent: bytes | None,
    ) -> None:
        headers = headers_for(event, kind, message_id=message_id, traceparent=traceparent)
        report = Report(conversation, event.SerializeToString(), headers)
        await self._lanes[partition_of(DISPATCH, conversation)].put(report)

    async def _drain(self, number: int) -> None:
        lane = self._lanes[number]
        while True:
            reports = [await lane.get()]
            while len(reports) < self._limits.batch_records_max and not lane.empty():
                reports.append(lane.get_nowait())
            taken = len(reports)
            while reports := await self._write(number, reports):
                await asyncio.sleep(self._limits.retry_seconds)
            for _ in range(taken):
                lane.task_done()

    async def _write(self, number: int, reports: list[Report]) -> list[Report]:
        """Write them once; returns those that Kafka has not confirmed, in order."""
        ends = await asyncio.gather(
            *(self._submit(number, report) for report in reports), return_exceptions=True
        )
        left = []
        for report, end in zip(reports, ends, strict=True):
            if isinstance(end, NotWritten | WriteUnknown) and not isinstance(end, RecordTooLarge):
                left.append(report)
            elif isinstance(end, BaseException):
                raise end
        if left:
            metrics.RETRIED.inc(len(left))
            log.warning("Kafka did not confirm reports, they are written again", reports=len(left))
        return left

    def _submit(self, number: int, report: Report) -> asyncio.Future[None]:
        try:
            return self._writer.submit(DISPATCH, number, *report)
        except NotWritten as error:
            refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            refused.set_exception(error)
            return refused
