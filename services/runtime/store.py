"""The store port: where the committed state of one input partition lies on this machine."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from parley.runtime.v1 import runtime_pb2
from services.runtime.rows import Row


class Timer(NamedTuple):
    """A row that wants to be woken. Timers fire in this order."""

    due_ms: int
    row_key: bytes


class Change(NamedTuple):
    """What a batch did to one row."""

    row: Row | None
    """The row now; None for deleted."""
    wake_before_ms: int
    """When the row wanted to be woken before; 0 for never."""


class StoreFailed(Exception):
    """The local store cannot be read or written: a full or broken disk. No record is to blame."""


class Store(Protocol):
    """Committed rows, timers and meta of one input partition.

    Calls block for a disk read at most. Each may raise :class:`StoreFailed`.
    """

    def get(self, key: bytes) -> Row | None:
        """The row under ``key``. Safe from any thread."""
        ...

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Serialized rows whose key begins with ``prefix``, in key order."""
        ...

    def timers(self, after: Timer | None, limit: int) -> list[Timer]:
        """The first ``limit`` timers in order, those up to and with ``after`` left out."""
        ...

    def meta(self) -> runtime_pb2.StateMeta | None:
        """Where the state stands; None in an empty store."""
        ...

    def write(self, changes: Mapping[bytes, Change], meta: runtime_pb2.StateMeta) -> None:
        """Write changes and meta as one: after a crash all of it is there or none.

        ``wake_before_ms`` of each change must be that of the row stored now.
        """
        ...

    def clear(self) -> None:
        """Forget everything, before a rebuild."""
        ...

    def close(self) -> None:
        """Release the files; calling it twice is safe."""
        ...
