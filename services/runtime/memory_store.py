"""The store in memory: for unit tests, replays and the simulation, where it outlives a crash."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping

from parley.runtime.v1 import runtime_pb2
from services.runtime.rows import Row
from services.runtime.store import Change, Timer


class MemoryStore:
    """Same behaviour as the store on disk, without the disk."""

    def __init__(self) -> None:
        self._rows: dict[bytes, Row] = {}
        self._timers: list[Timer] = []
        self._meta: bytes | None = None

    def get(self, key: bytes) -> Row | None:
        return self._rows.get(key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        keys = sorted(key for key in self._rows if key.startswith(prefix))
        return iter([(key, self._rows[key].value) for key in keys])

    def timers(self, after: Timer | None, limit: int) -> list[Timer]:
        start = 0 if after is None else bisect_right(self._timers, after)
        return self._timers[start : start + limit]

    def meta(self) -> runtime_pb2.StateMeta | None:
        return None if self._meta is None else runtime_pb2.StateMeta.FromString(self._meta)

    def write(self, changes: Mapping[bytes, Change], meta: runtime_pb2.StateMeta) -> None:
        for key, change in changes.items():
            wake_at_ms = 0 if change.row is None else change.row.wake_at_ms
            if change.wake_before_ms != wake_at_ms:
                self._move_timer(key, change.wake_before_ms, wake_at_ms)
            if change.row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = change.row
        self._meta = meta.SerializeToString()

    def clear(self) -> None:
        self._rows = {}
        self._timers = []
        self._meta = None

    def close(self) -> None:
        pass

    def _move_timer(self, key: bytes, before_ms: int, now_ms: int) -> None:
        if before_ms:
            place = bisect_left(self._timers, Timer(before_ms, key))
            del self._timers[place]
        if now_ms:
            insort(self._timers, Timer(now_ms, key))
