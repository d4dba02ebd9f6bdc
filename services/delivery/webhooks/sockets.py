"""How many connections all endpoints together may have open."""

import resource

RESERVED = 64
"""File descriptors that the process needs for itself: Kafka, health port, libraries."""


class Sockets:
    """Counts connections against a limit. Call it from one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0

    def take(self) -> bool:
        """Claim one; False when none is left."""
        if self._open >= self._limit:
            return False
        self._open += 1
        return True

    def give_back(self) -> None:
        """A connection has ended, or did not come about."""
        self._open -= 1


def allow_sockets(wanted: int) -> int:
    """Raise this process's limit of open files if need be; returns how many sockets there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(wanted, soft - RESERVED)
