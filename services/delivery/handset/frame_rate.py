"""How many frames a device may send: so many a second, after a burst."""


class FrameRate:
    """A bucket of ``burst`` frames that refills with ``per_second``; times are seconds of one clock."""

    def __init__(self, per_second: float, burst: int, now: float) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._left = self._burst
        self._at = now

    def admits(self, now: float) -> bool:
        """Whether a frame that comes now is within the rate; if so it counts."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
