"""How long anything may take: far more than it does, so that a busy machine fails no test."""

from collections.abc import Callable

from tests.integration import waiting

DEADLINE_SECONDS = 60.0


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for the thing itself; ``what`` is what is waited for."""
    waiting.until(done, what, DEADLINE_SECONDS)
