"""The records of one partition on their way to Kafka: those that wait, and the batch that was handed over."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

from services.contracts.headers import Headers
from services.runtime import writer_metrics as metrics
from services.runtime.write_errors import NotWritten, WriteUnknown

HEADERS_BYTES = 512
"""Taken for what a record weighs beyond key and value."""


class Entry:
    """One record, and who waits for it."""

    __slots__ = ("deadline", "headers", "key", "size", "timestamp_ms", "value", "waiter")

    def __init__(
        self,
        key: bytes,
        value: bytes,
        headers: Headers,
        timestamp_ms: int,
        deadline: float,
        waiter: asyncio.Future[None],
    ) -> None:
        """`deadline` is in the event loop's time."""
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp_ms = timestamp_ms
        self.deadline = deadline
        self.size = len(key) + len(value) + HEADERS_BYTES
        self.waiter = waiter


class Held:
    """How much all lanes of a writer hold."""

    def __init__(self) -> None:
        self.records = 0
        self.bytes = 0

    def add(self, entry: Entry) -> None:
        """Count a record that was taken in."""
        self.records += 1
        self.bytes += entry.size

    def remove(self, entry: Entry) -> None:
        """Count off a record that is settled and no longer held."""
        self.records -= 1
        self.bytes -= entry.size


class Lane:
    """Keeps the order of one partition: no second batch is handed over before the first is settled."""

    __slots__ = ("_held", "known", "partition", "sent", "stalled", "topic", "waiting")

    def __init__(self, topic: str, partition: int, held: Held) -> None:
        """`topic` is the Kafka topic, prefix included."""
        self.topic = topic
        self.partition = partition
        self.waiting: deque[Entry] = deque()
        self.sent: list[Entry] = []
        self.known = False
        """Whether the cluster has this partition."""
        self.stalled = False
        """Whether the batch that was handed over is overdue: until it is settled nothing more is taken in."""
        self._held = held

    def add(self, entry: Entry) -> None:
        """Let a record wait."""
        self.waiting.append(entry)
        self._held.add(entry)

    def fill(self, batch: Any) -> None:
        """Move what fits from those that wait into an aiokafka batch, and close it."""
        while self.waiting:
            entry = self.waiting[0]
            if entry.waiter.done():  # its caller was cancelled
                self._held.remove(self.waiting.popleft())
                continue
            taken = batch.append(
                timestamp=entry.timestamp_ms, key=entry.key, value=entry.value, headers=entry.headers
            )
            if taken is None:
                break
            self.sent.append(self.waiting.popleft())
        batch.close()

    def settle_sent(self, error: Exception | None) -> None:
        """The batch that was handed over is written, or has failed with `error`."""
        settle(self.sent, error)
        for entry in self.sent:
            self._held.remove(entry)
        self.sent.clear()
        self.stalled = False

    def settle_waiting(self, error: NotWritten, until: float | None = None) -> None:
        """Give up those that wait: all, or those whose time was over at `until`."""
        while self.waiting and (until is None or self.waiting[0].deadline <= until):
            entry = self.waiting.popleft()
            settle((entry,), error)
            self._held.remove(entry)

    def sweep(self, now: float) -> None:
        """Answer those whose time is over. What was handed over stays held: Kafka may still take it."""
        overdue = [entry for entry in self.sent if entry.deadline <= now]
        if overdue:
            self.stalled = True
            settle(overdue, WriteUnknown(f"Kafka did not answer for {self.topic} in time"))
        if self.waiting:
            self.settle_waiting(NotWritten(f"Kafka was not ready for {self.topic} in time"), now)


def settle(entries: Iterable[Entry], error: Exception | None) -> None:
    """Answer whoever still waits for these records; None means written."""
    settled = 0
    for entry in entries:
        if entry.waiter.done():
            continue
        settled += 1
        if error is None:
            entry.waiter.set_result(None)
        else:
            entry.waiter.set_exception(type(error)(*error.args))
    if error is None:
        metrics.WRITTEN.inc(settled)
    elif isinstance(error, NotWritten):
        metrics.NOT_WRITTEN.inc(settled)
    else:
        metrics.UNKNOWN.inc(settled)
