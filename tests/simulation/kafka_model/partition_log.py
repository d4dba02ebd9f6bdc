"""One partition of the model: records, transaction markers, the last stable offset, compaction, retention."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from operator import attrgetter
from typing import NamedTuple

from services.contracts.headers import Headers


class Fate(Enum):
    """Where a transaction stands."""

    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"


@dataclass(eq=False)
class Transaction:
    """A transaction of one producer; its fate is sealed before its markers lie in every partition."""

    transactional_id: str
    begun_at_ms: int
    fate: Fate = Fate.OPEN
    unmarked: list["PartitionLog"] = field(default_factory=list)
    """Partitions that have no marker yet: their readers still wait."""
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    """Next input offset by group and partition, until the group knows of it."""


class Entry(NamedTuple):
    """One record of a partition."""

    offset: int
    key: bytes
    value: bytes | None
    timestamp_ms: int
    headers: Headers
    transaction: Transaction | None

    @property
    def is_committed(self) -> bool:
        """Whether it is meant to be seen; not whether its readers have been told so."""
        return self.transaction is None or self.transaction.fate is Fate.COMMITTED

    @property
    def writer(self) -> str:
        """Transactional id of who wrote it; empty for a producer without transactions."""
        return "" if self.transaction is None else self.transaction.transactional_id


_offset = attrgetter("offset")


class PartitionLog:
    """Records in order of offset. Markers take an offset too, and are not kept."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.history: list[Entry] = []
        """All that was ever appended, which no client can see: for checks."""
        self.end = 0
        """High watermark: offset after the last record or marker."""
        self.start = 0
        """Offset of the oldest record that retention has left."""
        self._open: dict[Transaction, int] = {}
        self._tombstones_until_ms: dict[int, int] = {}

    def append(
        self,
        key: bytes,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
        transaction: Transaction | None = None,
    ) -> int:
        """Add a record; returns its offset."""
        offset, self.end = self.end, self.end + 1
        entry = Entry(offset, key, value, timestamp_ms, headers, transaction)
        self.entries.append(entry)
        self.history.append(entry)
        if transaction is not None and transaction not in self._open:
            self._open[transaction] = offset
            transaction.unmarked.append(self)
        return offset

    def mark(self, transaction: Transaction) -> None:
        """Write the marker that tells readers the transaction's fate."""
        self.end += 1
        del self._open[transaction]
        transaction.unmarked.remove(self)

    @property
    def last_stable_offset(self) -> int:
        """Up to here everything is decided and marked."""
        return min(self._open.values()) if self._open else self.end

    def committed(self, start: int) -> Iterator[Entry]:
        """What a read-committed reader sees from ``start`` on."""
        stable, entries = self.last_stable_offset, self.entries
        for index in range(bisect_left(entries, start, key=_offset), len(entries)):
            entry = entries[index]
            if entry.offset >= stable:
                return
            if entry.is_committed:
                yield entry

    def compact(self, until: int, now_ms: int, tombstones_kept_ms: int) -> None:
        """Keep the newest committed record of each key below ``until`` and the last stable offset.

        A tombstone goes ``tombstones_kept_ms`` after the first compaction that met it.
        """
        until = min(until, self.last_stable_offset)
        newest = {entry.key: entry.offset for entry in self.committed(0) if entry.offset < until}
        kept = []
        for entry in self.entries:
            if entry.offset < until:
                if newest.get(entry.key) != entry.offset:
                    continue
                if entry.value is None:
                    goes_at_ms = self._tombstones_until_ms.setdefault(
                        entry.offset, now_ms + tombstones_kept_ms
                    )
                    if now_ms >= goes_at_ms:
                        continue
            kept.append(entry)
        self.entries = kept

    def retain_from(self, offset: int) -> None:
        """Retention removes what lies before ``offset``."""
        self.start = offset
        self.entries = [entry for entry in self.entries if entry.offset >= offset]
