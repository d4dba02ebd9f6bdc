"""Rows by key: those in use in memory, the rest on disk."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from rocksdict import WriteBatch

from services.verifier.codec import decoder_of, encode

Row = TypeVar("Row")


class Table(Generic[Row]):
    """Rows of one dataclass. A row got is a row changed: it is written before it leaves the memory.

    A round ends after so many records. What was not used for a whole round leaves the memory, so that the
    memory is bounded by what two rounds touch.
    """

    def __init__(self, db: Any, prefix: bytes, kind: type[Row], make: Callable[[str], Row]) -> None:
        self._db = db
        self.prefix = prefix
        """Begins the keys of these rows in the store."""
        self._decode: Callable[[bytes], Row] = decoder_of(kind)  # type: ignore[arg-type]  # why: a class is hashable
        self._make = make
        self._used: dict[str, Row] = {}
        """Rows that this round has used."""
        self._unused: dict[str, Row] = {}
        """Rows that only the round before has used."""

    def get(self, key: str) -> Row:
        """The row under ``key``, a new one where there is none."""
        row = self._used.get(key)
        if row is None:
            row = self._used[key] = self._fetched(key) or self._make(key)
        return row

    def find(self, key: str) -> Row | None:
        """The row under ``key`` where there is one."""
        row = self._used.get(key)
        if row is None and (row := self._fetched(key)) is not None:
            self._used[key] = row
        return row

    def in_memory(self) -> list[tuple[str, Row]]:
        """Rows that the last two rounds used."""
        return [*self._unused.items(), *self._used.items()]

    def unused(self) -> list[tuple[str, Row]]:
        """Rows in memory that this round did not use, and that go when it ends."""
        return list(self._unused.items())

    def all(self, without: bytes) -> Iterator[tuple[str, Row]]:
        """All rows: those in memory, then those of the store, where changes are kept with ``keep``.

        Leaves out rows of the store whose bytes begin with ``without``.
        """
        in_memory = self.in_memory()
        yield from in_memory
        names = {name for name, _ in in_memory}
        for key, value in self._db.items(from_key=self.prefix):
            if not key.startswith(self.prefix):
                return
            name = key[len(self.prefix) :].decode()
            if not value.startswith(without) and name not in names:
                yield name, self._decode(value)

    def keep(self, key: str, row: Row, batch: WriteBatch) -> None:
        """Keep a change of a row that ``all`` has given; one in memory is written when it goes."""
        if key not in self._used and key not in self._unused:
            self._put(key, row, batch)

    def end_round(self, batch: WriteBatch, *, keep: bool) -> None:
        """Write rows and let those go that this round did not use.

        ``keep`` writes the others too, so that the store is whole; else they are written when they go.
        """
        for key, row in self.in_memory() if keep else self.unused():
            self._put(key, row, batch)
        self._unused, self._used = self._used, {}

    def forget(self, key: str, batch: WriteBatch) -> None:
        """Delete a row."""
        self._used.pop(key, None)
        self._unused.pop(key, None)
        batch.delete(self.prefix + key.encode())

    def _fetched(self, key: str) -> Row | None:
        """A row that this round has not used yet."""
        row = self._unused.pop(key, None)
        if row is not None:
            return row
        stored: bytes | None = self._db.get(self.prefix + key.encode())
        return None if stored is None else self._decode(stored)

    def _put(self, key: str, row: Row, batch: WriteBatch) -> None:
        batch.put(self.prefix + key.encode(), encode(row))
