"""Finds the record for which the broker refuses a batch: after three refusals it goes record by record."""

from collections.abc import Mapping, Sequence

from services.runtime.log import RecordRejected
from services.runtime.record import Record
from services.runtime.stage_exit import StageMustExit

REFUSALS_MAX = 3
"""Refusals of a batch in a row before its records are tried one by one."""


class Suspects:
    """Remembers what was refused since the last commit."""

    def __init__(self) -> None:
        self._refusals = 0
        self._last_suspect: dict[int, int] = {}
        self.culprit: tuple[int, int] | None = None
        """Partition and offset of the record that is found, while it is not yet gone past."""
        self._error: RecordRejected | None = None

    def limit(self, records: int) -> int:
        """How many records the next batch may have at most, of ``records`` otherwise."""
        return 1 if self._last_suspect else records

    def verdict(self, record: Record) -> RecordRejected | None:
        """Why the record must be set aside; None when it may be applied."""
        return self._error if (record.partition, record.offset) == self.culprit else None

    def refused(self, batch: Sequence[Record], error: RecordRejected) -> None:
        """A transaction with the effects of these records was refused, and is aborted.

        Raises StageMustExit when no record can be blamed: timers, or a dead letter, are refused.
        """
        if any(self.verdict(record) for record in batch):
            raise StageMustExit(f"what is written in place of a record is refused too: {error}")
        self._refusals += 1
        if self._refusals < REFUSALS_MAX and not self._last_suspect:
            return
        if not batch:
            raise StageMustExit(f"what a timer wants written is refused: {error}")
        if len(batch) == 1:
            self.culprit, self._error = (batch[0].partition, batch[0].offset), error
        self._last_suspect = {record.partition: record.offset for record in batch}

    def committed(self, next_offsets: Mapping[int, int]) -> None:
        """A transaction went through, up to these offsets."""
        self._refusals = 0
        for partition, next_offset in next_offsets.items():
            if next_offset > self._last_suspect.get(partition, next_offset):
                self.forget(partition)

    def forget(self, partition: int) -> None:
        """The partition is no longer of interest."""
        self._last_suspect.pop(partition, None)
        if self.culprit is not None and self.culprit[0] == partition:
            self.culprit = self._error = None
