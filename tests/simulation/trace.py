"""What happened in a run, in order: kept as it is, made readable only when somebody reads it."""

from collections.abc import Callable, Iterator

from services.contracts.instants import rfc3339

LINES_MAX = 20_000


class Trace:
    """Notes of all actors under the virtual clock."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._notes: list[tuple[int, str, str, tuple[object, ...]]] = []

    def note(self, actor: str, what: str, *details: object) -> None:
        """``what`` is formatted with ``details`` only when the trace is read."""
        if len(self._notes) < LINES_MAX:
            self._notes.append((self._now_ms(), actor, what, details))

    def lines(self) -> Iterator[str]:
        """One line a note: time, actor, what happened."""
        for at_ms, actor, what, details in self._notes:
            yield f"{rfc3339(at_ms)}  {actor:<18} {what.format(*details)}"
