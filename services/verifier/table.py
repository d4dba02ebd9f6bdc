"""Rows by key: those in use in memory, the rest on disk."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from rocksdict import WriteBatch

from services.verifier.codec import decoder_of, encode


class Touched(Protocol):
    """What a row of a table must have."""

    round: int
    """The round in which the row was used last."""


Row = TypeVar("Row", bound=Touched)


class Table(Generic[Row]):
    """Rows of one dataclass. A row got is a row changed: it is written before it leaves the memory.

    A round ends after so many records. What was not used for a whole round leaves the memory, so that the
    memory is bounded by what two rounds touch.
    """

    def __init__(self, db: Any, prefix: bytes, kind: type[Row], make: Callable[[str], Row]) -> None:
        self._db = db
        self.prefix = prefix
        """Begins the keys of these rows in the store."""
        self._decode = decoder_of(kind)
        self._make = make
        self._rows: dict[str, Row] = {}
        self.round = 0

    def get(self, key: str) -> Row:
        """The row under ``key``, a new one where there is none."""
        row = self._rows.get(key)
        if row is None:
            stored: bytes | None = self._db.get(self.prefix + key.encode())
            row = self._rows[key] = self._make(key) if stored is None else self._decode(stored)
        row.round = self.round
        return row

    def in_memory(self) -> list[tuple[str, Row]]:
        """Rows that the last two rounds used."""
        return list(self._rows.items())

    def unused(self) -> list[tuple[str, Row]]:
        """Rows in memory that this round did not use, and that go when it ends."""
        return [(key, row) for key, row in self._rows.items() if row.round < self.round]

    def all(self, without: bytes) -> Iterator[tuple[str, Row]]:
        """All rows: those in memory, then those of the store, where changes are kept with ``keep``.

        Leaves out rows of the store whose bytes begin with ``without``.
        """
        yield from self.in_memory()
        in_memory = set(self._rows)
        for key, value in self._db.items(from_key=self.prefix):
            if not key.startswith(self.prefix):
                return
            name = key[len(self.prefix) :].decode()
            if not value.startswith(without) and name not in in_memory:
                yield name, self._decode(value)

    def keep(self, key: str, row: Row, batch: WriteBatch) -> None:
        """Keep a change of a row that ``all`` has given; one in memory is written when it goes."""
        if key not in self._rows:
            self._put(key, row, batch)

    def end_round(self, batch: WriteBatch, *, keep: bool) -> None:
        """Write rows and let those go that this round did not use.

        ``keep`` writes the others too, so that the store is whole; else they are written when they go.
        """
        for key, row in self.in_memory():
            unused = row.round < self.round
            if unused or keep:
                self._put(key, row, batch)
            if unused:
                del self._rows[key]
        self.round += 1

    def forget(self, key: str, batch: WriteBatch) -> None:
        """Delete a row."""
        self._rows.pop(key, None)
        batch.delete(self.prefix + key.encode())

    def _put(self, key: str, row: Row, batch: WriteBatch) -> None:
        batch.put(self.prefix + key.encode(), encode(row))
