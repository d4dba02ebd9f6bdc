"""The state of one input partition as a stage sees it: rows of one protobuf type, changed in memory first."""

from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.message import Message

from services.runtime.record import VALUE_BYTES_MAX, TooLarge

CACHED_MAX = 10_000
"""Rows kept in memory after a commit, of each partition; above it all are read from the store again."""


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
        self._before_record: dict[bytes, Row | None] = {}
        self._before_batch: dict[bytes, Row | None] = {}
        self.changed: dict[bytes, Row | None] = {}
        """Rows that the batch changed; None for deleted."""

    def get(self, key: bytes) -> Message | None:
        """The row under ``key``, or None."""
        row = self._find(key)
        return None if row is None else self._parse(row.value)

    def put(self, key: bytes, row: Message) -> None:
        """Write a row. Its field ``wake_at_ms`` says when the stage wants to be woken for it.

        Raises :class:`TooLarge` for a row that Kafka would not take.
        """
        value = row.SerializeToString()
        if len(value) > VALUE_BYTES_MAX:
            raise TooLarge(f"a row of {len(value)} bytes under {key!r}")
        if key not in self._before_record:
            self._before_record[key] = self._find(key)
        self._now[key] = Row(value, row.wake_at_ms)  # type: ignore[attr-defined]

    def delete(self, key: bytes) -> None:
        """Remove a row; removing what is not there does nothing."""
        row = self._find(key)
        if row is not None:
            self._before_record.setdefault(key, row)
            self._now[key] = None

    def wake_at_ms(self, key: bytes) -> int:
        """When the row under ``key`` wants to be woken; 0 for never or no row."""
        row = self._find(key)
        return 0 if row is None else row.wake_at_ms

    def committed(self, key: bytes) -> Row | None:
        """The row as it was before the batch. Only for keys that the batch has changed."""
        return self._before_batch[key]

    def keep(self) -> list[tuple[bytes, Row | None]]:
        """Make what the record changed part of the batch, and return it; None for deleted."""
        kept = []
        for key, before in self._before_record.items():
            if key not in self.changed:
                self._before_batch[key] = before
            row = self.changed[key] = self._now[key]
            kept.append((key, row))
        self._before_record.clear()
        return kept

    def forget(self) -> None:
        """Undo what the record changed."""
        self._now.update(self._before_record)
        self._before_record.clear()

    def commit(self) -> None:
        """The store has what the batch changed: begin a new batch."""
        self.changed.clear()
        self._before_batch.clear()
        if len(self._now) > CACHED_MAX:
            self._now.clear()

    def rollback(self) -> None:
        """Undo what the batch and the record changed: begin a new batch."""
        self._now.clear()
        self._before_record.clear()
        self._before_batch.clear()
        self.changed.clear()

    def _find(self, key: bytes) -> Row | None:
        try:
            return self._now[key]
        except KeyError:
            row = self._now[key] = self._load(key)
            return row
