"""How many connections all endpoints together may have open, and how many of them each."""

import resource
from typing import Protocol

RESERVED = 64
"""File descriptors that the process needs for itself: Kafka, health port, libraries."""
SHARE = 1 / 16
"""How much of what is free one endpoint may hold, where many share."""


class Closable(Protocol):
    """A connection."""

    def close(self) -> None:
        """Drop it at once."""


class Sockets:
    """Counts connections against a limit. Call it from one event loop.

    An endpoint may have another in use while it has fewer than a share of those that are free: the more are
    in use, the less each one gets, and the first is there for everybody (the dynamic thresholds of Choudhury
    and Hahne for shared memory). Idle connections count as free: the one longest idle makes room.
    """

    def __init__(self, limit: int, share: float = 1.0) -> None:
        self._limit = limit
        self._share = share
        self._in_use = 0
        self._idle: dict[Closable, None] = {}
        self._dropped: set[Closable] = set()
        """Made room, and have not ended yet."""

    def take(self, held: int) -> bool:
        """Claim one for an endpoint that has `held` in use; False when none is left for it."""
        if not self._may_use(held):
            return False
        if self._in_use + len(self._idle) >= self._limit:
            longest_idle = next(iter(self._idle))
            del self._idle[longest_idle]
            self._dropped.add(longest_idle)
            longest_idle.close()
        self._in_use += 1
        return True

    def give_back(self) -> None:
        """One that was in use has ended, or did not come about."""
        self._in_use -= 1

    def rest(self, connection: Closable) -> None:
        """One that was in use is idle now."""
        self._in_use -= 1
        self._idle[connection] = None

    def wake(self, connection: Closable, held: int) -> bool:
        """Use an idle one again; False when its endpoint has too many in use."""
        if not self._may_use(held):
            return False
        del self._idle[connection]
        self._in_use += 1
        return True

    def forget(self, connection: Closable) -> bool:
        """A connection has ended; False when it was in use, and is to be given back."""
        if connection in self._idle:
            del self._idle[connection]
            return True
        if connection in self._dropped:
            self._dropped.remove(connection)
            return True
        return False

    def _may_use(self, held: int) -> bool:
        free = self._limit - self._in_use
        return free > 0 and (held == 0 or held < free * self._share)


def allow_sockets(wanted: int) -> int:
    """Raise this process's limit of open files if need be; returns how many sockets there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(wanted, soft - RESERVED)
