"""How many tries at once an endpoint gets: more as it takes updates, fewer as it lets them hang."""

AT_ONCE_FIRST = 10
SLOW_SECONDS = 1.0
"""A try that fails later than this has held a connection that others could have used."""


class Pace:
    """Between 1 and the most that one endpoint may have. A quick failure changes nothing."""

    __slots__ = ("_most", "at_once")

    def __init__(self, at_once_max: int) -> None:
        self._most = at_once_max
        self.at_once = min(AT_ONCE_FIRST, at_once_max)
        """How many tries there may be at once now."""

    def took(self) -> None:
        """The endpoint took an update."""
        if self.at_once < self._most:
            self.at_once += 1

    def failed(self, after_seconds: float) -> None:
        """A try failed after so long."""
        if after_seconds >= SLOW_SECONDS:
            self.at_once = max(1, self.at_once // 2)

    def lacked(self, under_way: int) -> None:
        """The process had no means for one of the tries that are under way."""
        self.at_once = max(1, min(self.at_once, under_way - 1))
