"""Loops, stores and placements that do things in another order, or leave one out."""

from collections.abc import Mapping
from typing import Any, cast
from zlib import adler32

from parley.runtime.v1 import runtime_pb2
from services.contracts.catalogue import Topic
from services.runtime.points import Observe, Point
from services.runtime.restore import stamp
from services.runtime.runner import StageRunner
from services.runtime.store import Change, Store


class StoresBeforeTheCommit(StageRunner):
    """The batch is in the local store before its transaction is committed."""

    def __init__(self, *arguments: Any, observe: Observe, **options: Any) -> None:
        def store_then_observe(point: Point) -> None:
            if point is Point.OFFSETS_SENT:
                self._store_now()
            observe(point)

        super().__init__(*arguments, observe=store_then_observe, **options)

    def _store_now(self) -> None:
        for number, partition in self._touched.items():
            meta, changelog = partition.meta(), self._assignment.changelogs[number]
            stamp(meta, number, changelog, self._log.changelog_end(number), self._clock())
            partition.commit(meta)


class _WithoutDeletions:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, changes: Mapping[bytes, Change], meta: runtime_pb2.StateMeta) -> None:
        self._store.write({key: change for key, change in changes.items() if change.row is not None}, meta)


def forgets_deletions(store: Store) -> Store:
    """A store in which what was deleted is there again after a restart."""
    return cast("Store", _WithoutDeletions(store))


def another_hash(topic: Topic, key: bytes) -> int:
    """Where another client's default would put a record."""
    return adler32(key) % topic.partitions


def few_unique_bytes(unique: bytes) -> bytes:
    """Message ids that come again: a generator with three bits."""
    return bytes([unique[0] % 8]) * len(unique)
