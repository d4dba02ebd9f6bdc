"""A circuit breaker: an endpoint that fails again and again is left alone for a while."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CircuitLimits:
    """When a circuit opens and for how long."""

    failures_max: int = 20
    """Failures in a row that open it."""
    open_seconds: float = 5
    """How long it stays open at first; doubled each time that the probe fails too."""
    open_seconds_max: float = 60


class Circuit:
    """Closed: every try is permitted. Open: none. Half-open: one probe, whose outcome decides.

    Times are seconds of any clock that does not go back, given by the caller.
    """

    __slots__ = ("_failures", "_limits", "_open_for", "_open_until", "_probing")

    def __init__(self, limits: CircuitLimits) -> None:
        self._limits = limits
        self._failures = 0
        self._open_for = 0.0
        self._open_until: float | None = None
        self._probing = False

    def refuses(self, now: float) -> bool:
        """Whether it is open, and not yet time for a probe. Claims nothing."""
        return self._open_until is not None and now < self._open_until

    def permits(self, now: float) -> bool:
        """Whether to try now. When True, report how it ended: it may be the probe."""
        if self._open_until is None:
            return True
        if self._probing or now < self._open_until:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """A try was answered as it should: the circuit closes."""
        self._failures = 0
        self._open_until = None
        self._open_for = 0.0
        self._probing = False

    def failed(self, now: float) -> None:
        """A try failed. In an open circuit only the probe counts: others began before it opened."""
        self._failures += 1
        if self._open_until is None:
            if self._failures >= self._limits.failures_max:
                self._open(now, self._limits.open_seconds)
        elif self._probing:
            self._open(now, self._open_for * 2)

    def undecided(self) -> None:
        """A try did not come about: if it was the probe, another decides."""
        self._probing = False

    @property
    def is_closed(self) -> bool:
        """Whether the endpoint is taken for well."""
        return self._open_until is None

    def _open(self, now: float, seconds: float) -> None:
        self._probing = False
        self._open_for = min(seconds, self._limits.open_seconds_max)
        self._open_until = now + self._open_for
