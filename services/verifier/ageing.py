"""Forgets settled messages when nothing of them can come any more, so that the store stays small."""

from typing import Any

from rocksdict import WriteBatch

DAY_MS = 24 * 3_600_000
KEPT_DAYS = 9
"""The line's topics keep records for seven days; what would come again later has lost its context too."""
_INDEX = b"d"
_DAY_BYTES = 4


class Ageing:
    """Notes settled rows by day. The clock is that of the records, of which some are ahead of others."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self._newest_day = 0
        self._oldest_day = 0
        self._dropped_day = 0

    def advance(self, newest_ms: int, oldest_ms: int) -> None:
        """Records up to ``newest_ms`` have been read, and in every partition those before ``oldest_ms``."""
        self._newest_day = max(self._newest_day, newest_ms // DAY_MS)
        self._oldest_day = max(self._oldest_day, oldest_ms // DAY_MS)

    def note(self, row_key: bytes, batch: WriteBatch) -> None:
        """The row is settled."""
        batch.put(_INDEX + self._newest_day.to_bytes(_DAY_BYTES) + row_key, b"")

    def drop(self, batch: WriteBatch) -> list[bytes]:
        """Delete the notes that are old; returns the keys of their rows, which the caller deletes."""
        oldest = max(self._oldest_day - KEPT_DAYS, 0)
        if oldest <= self._dropped_day:
            return []
        self._dropped_day = oldest
        end, dropped = _INDEX + oldest.to_bytes(_DAY_BYTES), []
        for note in self._db.keys(from_key=_INDEX):
            if note >= end:
                break
            batch.delete(note)
            dropped.append(note[len(_INDEX) + _DAY_BYTES :])
        return dropped
