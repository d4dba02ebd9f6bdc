"""The store in memory: for unit tests, replays and the simulation, where it outlives a crash."""

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping

from parley.runtime.v1 import runtime_pb2
from services.runtime.store import Change, Timer


class MemoryStore:
    """Same behaviour as the store on disk, without the disk."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}
        self._timers: list[Timer] = []
        self._meta: runtime_pb2.StateMeta | None = None

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter([(key, self._rows[key]) for key in sorted(self._rows) if key.startswith(prefix)])

    def timers(self, after: Timer | None, limit: int) -> list[Timer]:
        start = 0 if after is None else bisect_right(self._timers, after)
        return self._timers[start : start + limit]

    def meta(self) -> runtime_pb2.StateMeta | None:
        if self._meta is None:
            return None
        copy = runtime_pb2.StateMeta()
        copy.CopyFrom(self._meta)
        return copy

    def write(self, changes: Mapping[bytes, Change], meta: runtime_pb2.StateMeta) -> None:
        for key, change in changes.items():
            if change.wake_before_ms:
                self._timers.remove(Timer(change.wake_before_ms, key))
            if change.row is None:
                self._rows.pop(key, None)
                continue
            self._rows[key] = change.row.value
            if change.row.wake_at_ms:
                insort(self._timers, Timer(change.row.wake_at_ms, key))
        self._meta = runtime_pb2.StateMeta()
        self._meta.CopyFrom(meta)

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def close(self) -> None:
        pass
