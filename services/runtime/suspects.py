"""Finds the record for which the broker refuses a batch: after three refusals it goes by halves."""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from services.runtime.log import RecordRejected
from services.runtime.record import Record
from services.runtime.stage_exit import StageMustExit

REFUSALS_MAX = 3
"""Refusals of a batch in a row before it is tried by halves."""


class Culprit(NamedTuple):
    """A record that was refused by itself."""

    offset: int
    error: RecordRejected


class Suspects:
    """Remembers what was refused since the last commit."""

    def __init__(self) -> None:
        self._refusals = 0
        self._records_max = 0
        self._last_suspect: dict[int, int] = {}
        self.culprits: dict[int, Culprit] = {}
        """By partition, while they are not yet gone past. What precedes one is committed, so one will do."""

    def limit(self, records: int, ours: Container[int]) -> int:
        """How many records the next batch may have, of ``records`` otherwise; ``ours`` are the partitions."""
        for partition in [each for each in self._last_suspect if each not in ours]:
            self.forget(partition)
        return min(records, self._records_max) if self._last_suspect else records

    def verdict(self, record: Record) -> RecordRejected | None:
        """Why the record must be set aside; None when it may be applied."""
        culprit = self.culprits.get(record.partition)
        return culprit.error if culprit and culprit.offset == record.offset else None

    def refused(self, batch: Sequence[Record], error: RecordRejected) -> None:
        """A transaction with the effects of these records was refused, and is aborted.

        Raises StageMustExit when no record can be blamed: timers, or a dead letter, are refused.
        """
        if len(batch) == 1 and self.verdict(batch[0]):
            raise StageMustExit(f"what is written in place of a record is refused too: {error}")
        self._refusals += 1
        if self._refusals < REFUSALS_MAX and not self._last_suspect:
            return
        if not batch:
            raise StageMustExit(f"what a timer wants written is refused: {error}")
        if len(batch) == 1:
            self.culprits[batch[0].partition] = Culprit(batch[0].offset, error)
            self._last_suspect.clear()
            self._refusals = 0
        else:
            self._last_suspect = {record.partition: record.offset for record in batch}
            self._records_max = len(batch) // 2

    def committed(self, next_offsets: Mapping[int, int]) -> None:
        """A transaction went through, up to these offsets."""
        self._refusals = 0
        for partition, next_offset in next_offsets.items():
            if self._last_suspect.get(partition, next_offset) < next_offset:
                del self._last_suspect[partition]
            if partition in self.culprits and self.culprits[partition].offset < next_offset:
                del self.culprits[partition]

    def forget(self, partition: int) -> None:
        """The partition is no longer of interest."""
        self._last_suspect.pop(partition, None)
        self.culprits.pop(partition, None)
