"""The state of one input partition as a stage sees it: rows of one protobuf type, changed in memory first."""

from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.message import Message


class Row(NamedTuple):
    """A row as stored: serialized, with the time at which it wants to be woken (0 for never)."""

    value: bytes
    wake_at_ms: int


class Rows:
    """Rows of a partition as they are now: the committed ones, with what the batch and the record changed.

    ``get`` returns a fresh message each time, so changing it has no effect until ``put``. What a record
    changed is kept by ``keep`` or forgotten by ``forget``; what a batch changed is in ``changed``.
    """

    def __init__(self, row_type: type[Message], load: Callable[[bytes], Row | None]) -> None:
        self._parse = row_type.FromString
        self._load = load
        self._now: dict[bytes, Row | None] = {}
        self._committed: dict[bytes, Row | None] = {}
        self._undo: dict[bytes, Row | None] = {}
        self.changed: dict[bytes, Row | None] = {}
        """Rows that the batch changed; None for deleted."""

    def get(self, key: bytes) -> Message | None:
        """The row under ``key``, or None."""
        row = self._find(key)
        return None if row is None else self._parse(row.value)

    def put(self, key: bytes, row: Message) -> None:
        """Write a row. Its field ``wake_at_ms`` says when the stage wants to be woken for it."""
        wake_at_ms: int = row.wake_at_ms  # type: ignore[attr-defined]
        self._undo.setdefault(key, self._find(key))
        self._now[key] = Row(row.SerializeToString(), wake_at_ms)

    def delete(self, key: bytes) -> None:
        """Remove a row; removing what is not there does nothing."""
        row = self._find(key)
        if row is not None:
            self._undo.setdefault(key, row)
            self._now[key] = None

    def wake_at_ms(self, key: bytes) -> int:
        """When the row under ``key`` wants to be woken; 0 for never or no row."""
        row = self._find(key)
        return 0 if row is None else row.wake_at_ms

    def committed(self, key: bytes) -> Row | None:
        """The row as it was before the batch. Only for keys that the batch has touched."""
        return self._committed[key]

    def pending(self) -> dict[bytes, Row | None]:
        """What the record has changed so far; None for deleted."""
        return {key: self._now[key] for key in self._undo}

    def keep(self) -> None:
        """Make what the record changed part of the batch."""
        for key in self._undo:
            self.changed[key] = self._now[key]
        self._undo.clear()

    def forget(self) -> None:
        """Undo what the record changed."""
        self._now.update(self._undo)
        self._undo.clear()

    def clear(self) -> None:
        """Begin a new batch."""
        self._now.clear()
        self._committed.clear()
        self._undo.clear()
        self.changed.clear()

    def _find(self, key: bytes) -> Row | None:
        try:
            return self._now[key]
        except KeyError:
            row = self._now[key] = self._committed[key] = self._load(key)
            return row
