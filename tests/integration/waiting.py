"""Waiting for the thing itself, with a deadline."""

import time
from collections.abc import Callable

DEADLINE_SECONDS = 60.0
"""So long that a busy machine fails no test."""


def until(done: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Look until it is so; ``what`` is what is waited for."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)
