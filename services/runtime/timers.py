"""The timers of a partition, soonest first: the nearest in the store, and those that a batch sets."""

from heapq import heapify, heappop, heappush

from services.runtime.store import Store, Timer

NEVER = 1 << 62
FETCHED = 128
"""Timers read from the store at a time."""
NEAR_MAX = 1_024
"""Timers held after a commit; what is more is left to the store."""


class Timers:
    """Gives every timer of the partition at least once, in order.

    A timer is stale when its row has moved its time meanwhile, and the same timer may be given twice: whoever
    takes one asks the row. Memory is bounded by the timers that one batch sets.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._horizon: Timer | None = None
        self._near: list[Timer] = []
        self._far: list[Timer] = []
        self.next_due_ms = NEVER
        """When the next timer may be due, Unix milliseconds; NEVER when there is none."""
        self.load()

    def load(self) -> None:
        """Begin again with what is in the store."""
        self._fetch(None, [])

    def add(self, timer: Timer) -> None:
        """The batch sets a timer."""
        if self._horizon is None or timer <= self._horizon:
            heappush(self._near, timer)
            self.next_due_ms = self._near[0].due_ms
        else:
            self._far.append(timer)

    def peek(self) -> Timer:
        """The next timer; only when there is one."""
        return self._near[0]

    def pop(self) -> Timer:
        """Take the next timer; only when there is one."""
        timer = heappop(self._near)
        if not self._near and self._horizon is not None:
            self._fetch(self._horizon, self._far)
        self.next_due_ms = self._near[0].due_ms if self._near else NEVER
        return timer

    def committed(self) -> None:
        """What the batch set is in the store now."""
        self._far = []
        if len(self._near) > NEAR_MAX:
            # Fired timers lie before the first one as tombstones: do not walk over them.
            self._fetch(Timer(self._near[0].due_ms, b""), [])

    def _fetch(self, after: Timer | None, batch: list[Timer]) -> None:
        """Near are all up to the horizon, far are those of the batch beyond it; no horizon: all are near."""
        stored = self._store.timers(after, FETCHED)
        horizon = stored[-1] if len(stored) == FETCHED else None
        self._horizon = horizon
        self._near = stored + [timer for timer in batch if horizon is None or timer <= horizon]
        self._far = [timer for timer in batch if horizon is not None and timer > horizon]
        heapify(self._near)
        self.next_due_ms = self._near[0].due_ms if self._near else NEVER
