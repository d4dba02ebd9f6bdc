"""How many requests a second a number may make: a token bucket for each, one second deep.

A read mark counts like a message, since it passes through the same topics.
"""

from collections.abc import Callable
from math import ceil

from services.ingress.errors import rate_limit_hit


class NumberRates:
    """The share of each number's rate that this replica admits.

    Holds one bucket for each known number, so callers must ask only for numbers that exist.
    """

    def __init__(self, rate_per_second: int, replicas: int, seconds: Callable[[], float]) -> None:
        """``seconds`` is any clock that never goes back."""
        self._rate_per_second = rate_per_second
        self._replicas = replicas
        self._seconds = seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, phone_number_id: str, own_rate_per_second: int) -> None:
        """Count one message or read mark of a number, whose own rate is 0 where it has none.

        Raises ``ApiError`` 130429 when its bucket is empty; then nothing is counted.
        """
        limit = own_rate_per_second or self._rate_per_second
        rate = limit / self._replicas
        depth = max(1.0, rate)
        now = self._seconds()
        level, filled_at = self._buckets.get(phone_number_id, (depth, now))
        level = min(depth, level + (now - filled_at) * rate)
        if level < 1:
            self._buckets[phone_number_id] = (level, now)
            raise rate_limit_hit(limit, ceil((1 - level) / rate))
        self._buckets[phone_number_id] = (level - 1, now)
