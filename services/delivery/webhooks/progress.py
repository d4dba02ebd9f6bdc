"""Which offsets of a partition are settled: what lies before the first that is not may be committed."""

from collections import deque


class Progress:
    """Offsets are begun in order and settled in any order."""

    __slots__ = ("_open", "_settled")

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._settled: set[int] = set()

    def begin(self, offset: int) -> None:
        """A record was read; its offset is above all before it."""
        self._open.append(offset)

    def settle(self, offset: int) -> None:
        """A record needs no more work. Settling it twice is an error of the caller."""
        if self._open[0] != offset:
            self._settled.add(offset)
            return
        self._open.popleft()
        while self._open and self._open[0] in self._settled:
            self._settled.discard(self._open.popleft())

    @property
    def first_open(self) -> int | None:
        """The first offset that is not settled: where a restart must go on. None when all are."""
        return self._open[0] if self._open else None

    def __len__(self) -> int:
        return len(self._open) - len(self._settled)
