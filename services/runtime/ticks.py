"""Lets time pass on partitions where nothing happens.

A timer fires when a record's time makes it due. A partition without records would keep its timers for ever:
so when one is due by the clock, and the partition is read to its end, a tick is appended to it. It stands
outside of any transaction, may be lost or written twice, and only moves the stage time.
"""

from collections.abc import Mapping

from services.contracts.catalogue import Topic
from services.contracts.headers import headers_for
from services.runtime.clock import Clock
from services.runtime.log import Log
from services.runtime.partition import Partition

TICK_EVERY_MS = 1_000
"""A partition gets no more ticks than one in this time."""
TICK_KEY = b"\x00tick"
TICKED = "ticked"


class Ticker:
    """Appends ticks to the partitions of one input topic."""

    def __init__(self, input_topic: Topic, log: Log, clock: Clock) -> None:
        self._message = input_topic.message
        self._log = log
        self._clock = clock
        self._ticked_at_ms: dict[int, int] = {}

    def tick(self, partitions: Mapping[int, Partition]) -> int:
        """Append a tick wherever one is due; says to how many. Call it between batches."""
        now_ms = self._clock()
        ticked = 0
        for number, partition in partitions.items():
            if partition.next_timer_ms > now_ms or not self._log.caught_up(number):
                continue
            if now_ms - self._ticked_at_ms.get(number, -TICK_EVERY_MS) < TICK_EVERY_MS:
                continue
            if partition.timer_due(now_ms):
                self._append(number, now_ms)
                ticked += 1
        return ticked

    def _append(self, partition: int, now_ms: int) -> None:
        self._ticked_at_ms[partition] = now_ms
        event = self._message()
        event.ticked.at_ms = now_ms  # type: ignore[attr-defined]
        self._log.append(partition, TICK_KEY, event.SerializeToString(), now_ms, headers_for(event, TICKED))
