"""Ends the process when a call that promised to come back does not."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_SECONDS = 0.25
EXIT_STUCK = 1


def exit_at_once(sentence: str) -> None:
    """Say why and end the process, whatever its threads are doing."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
    os._exit(EXIT_STUCK)


class Deadline:
    """Watches the calls of one thread from another.

    Why it is needed: librdkafka's ``send_offsets_to_transaction`` ignores its time-out, and never comes back
    when the group's coordinator has left the cluster meanwhile (confluentinc/librdkafka 5456 and 5511).
    """

    def __init__(self, seconds: float, when_over: Callable[[str], None] = exit_at_once) -> None:
        """``when_over`` is called from the watching thread, with a sentence."""
        self._seconds = seconds
        self._when_over = when_over
        self._watched: tuple[str, float] | None = None
        self._thread: threading.Thread | None = None

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """The body must be over in time."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="deadline", daemon=True)
            self._thread.start()
        self._watched = what, time.monotonic() + self._seconds
        try:
            yield
        finally:
            self._watched = None

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            watched = self._watched
            if watched is not None and time.monotonic() > watched[1]:
                self._when_over(f"{watched[0]} did not come back within {self._seconds:g} s")
                return
