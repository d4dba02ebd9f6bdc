"""The state of one input partition as a stage sees it: rows of one protobuf type, changed in memory first."""

from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.message import Message


class Row(NamedTuple):
    """A row as stored: serialized, with the time at which it wants to be woken (0 for never)."""

    value: bytes
    wake_at_ms: int


class Rows:
    """Rows of a partition: the committed ones below, those of the batch above, those of the record on top.

    ``get`` returns a fresh message each time, so changing it has no effect until ``put``. What a record
    changed is kept by ``keep`` or forgotten by ``forget``; what a batch changed is in ``changed``.
    """

    def __init__(self, row_type: type[Message], load: Callable[[bytes], bytes | None]) -> None:
        self._row_type = row_type
        self._load = load
        self._before: dict[bytes, Row | None] = {}
        self._record: dict[bytes, Row | None] = {}
        self.changed: dict[bytes, Row | None] = {}
        """Rows that the batch changed; None for deleted."""

    def get(self, key: bytes) -> Message | None:
        """The row under ``key``, or None."""
        row = self._find(key)
        return None if row is None else self._row_type.FromString(row.value)

    def put(self, key: bytes, row: Message) -> None:
        """Write a row. Its field ``wake_at_ms`` says when the stage wants to be woken for it."""
        wake_at_ms: int = row.wake_at_ms  # type: ignore[attr-defined]
        self._find(key)
        self._record[key] = Row(row.SerializeToString(), wake_at_ms)

    def delete(self, key: bytes) -> None:
        """Remove a row; removing what is not there does nothing."""
        if self._find(key) is not None:
            self._record[key] = None

    def wake_at_ms(self, key: bytes) -> int:
        """When the row under ``key`` wants to be woken; 0 for never or no row."""
        row = self._find(key)
        return 0 if row is None else row.wake_at_ms

    def committed_wake_at_ms(self, key: bytes) -> int:
        """The same, as it was before the batch. Only for keys that the batch has touched."""
        row = self._before[key]
        return 0 if row is None else row.wake_at_ms

    def keep(self) -> dict[bytes, Row | None]:
        """Make what the record changed part of the batch, and return it."""
        kept, self._record = self._record, {}
        self.changed.update(kept)
        return kept

    def forget(self) -> None:
        """Undo what the record changed."""
        self._record = {}

    def clear(self) -> None:
        """Begin a new batch."""
        self._before.clear()
        self._record = {}
        self.changed = {}

    def _find(self, key: bytes) -> Row | None:
        for layer in (self._record, self.changed, self._before):
            if key in layer:
                return layer[key]
        value = self._load(key)
        row = None if value is None else Row(value, self._row_type.FromString(value).wake_at_ms)  # type: ignore[attr-defined]
        self._before[key] = row
        return row
