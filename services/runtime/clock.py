"""The only place that reads the time. Whoever needs it is given a clock."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds since the Unix epoch, UTC."""


def wall_clock_ms() -> int:
    """This machine's time."""
    return time.time_ns() // 1_000_000
