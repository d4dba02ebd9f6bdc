"""Partitions that a record has stopped: nobody may go past it, so nothing after it is read.

The others go on. A stopped partition is tried again when it is assigned anew, as at a restart; until then it
is complained of in the log, in /readyz and by a metric, since what a person does about it is the only end.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from services.runtime.clock import Clock
from services.runtime.partition import Partition

COMPLAINT_MS = 10_000
"""What is stopped is logged so often."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Stop:
    partition: Partition
    reason: str
    dropped: int = 0


class StoppedPartitions:
    """Remembers which of our partitions stand, and why."""

    def __init__(self, ours: Mapping[int, Partition], clock: Clock) -> None:
        """``ours`` are those that are assigned now; it is looked at again and again."""
        self._ours = ours
        self._clock = clock
        self._stops: dict[int, _Stop] = {}
        self._complained_at_ms = 0
        self.numbers: set[int] = set()
        """Those that stand."""

    @property
    def reasons(self) -> list[str]:
        """Why they stand, a sentence each."""
        return [stop.reason for stop in self._stops.values()]

    def add(self, number: int, reason: str) -> None:
        """A record cannot be gone past; ``reason`` names it in one sentence."""
        self._stops[number] = _Stop(self._ours[number], reason)
        self.numbers.add(number)
        self._complain(number)

    def drop(self, number: int) -> None:
        """A record of a partition that stands was given, and is not applied."""
        self._stops[number].dropped += 1

    def dropped(self, number: int) -> int:
        """How many those are: its lag, beside what was not given yet."""
        return self._stops[number].dropped if number in self._stops else 0

    def polled(self) -> None:
        """Partitions may have been given back, or assigned anew: those no longer stand."""
        for number, stop in list(self._stops.items()):
            if self._ours.get(number) is not stop.partition:
                self._remove(number)

    def given_up(self, touched: Mapping[int, Partition]) -> None:
        """A batch with these is read again, and so is what was dropped of the others."""
        for number in touched.keys() & self.numbers:
            self._remove(number)
        for stop in self._stops.values():
            stop.dropped = 0

    def complain(self) -> None:
        """Log what stands, now and then. Call it between batches."""
        if self._stops and self._clock() - self._complained_at_ms >= COMPLAINT_MS:
            for number in self._stops:
                self._complain(number)

    def _remove(self, number: int) -> None:
        del self._stops[number]
        self.numbers.remove(number)

    def _complain(self, number: int) -> None:
        self._complained_at_ms = self._clock()
        stop = self._stops[number]
        log.error(
            "a partition is stopped: mend what stops it, then restart the stage",
            partition=number,
            offset=stop.partition.next_offset,
            reason=stop.reason,
        )
