"""How many connections all endpoints together may have open."""


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
