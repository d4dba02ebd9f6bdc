"""A process under chaos: kept running by its keeper, and struck by its name."""

import os
import signal
import threading
import time
from contextlib import suppress

from services.admin.supervisor.keeper import Keeper
from services.admin.supervisor.unit import Unit
from tests.chaos.held import Held

POLL_SECONDS = 0.02


class Kept:
    """One process with its keeper. Any thread may call."""

    def __init__(self, name: str, unit: Unit) -> None:
        self.name = name
        self._held = Held(name, unit, self._on_ended)
        self._keeper = Keeper(self._held, self._on_started)
        self._mutex = threading.Lock()
        self._pid = 0
        self.starts = 0
        """How often it has been started."""

    @property
    def complaint(self) -> str | None:
        """Why it fails at each start; None while it does not."""
        return self._keeper.complaint

    def start(self) -> None:
        """Start it and keep it running."""
        self._keeper.start()

    def stop(self, seconds_max: float) -> None:
        """End it for good, by force once the time is over."""
        self.send(signal.SIGCONT)
        self._keeper.stop(seconds_max)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process that runs now, if one does."""
        with self._mutex, suppress(ProcessLookupError):
            if self._pid:
                os.kill(self._pid, number)

    def kill(self) -> None:
        """``kill -9``; its keeper starts it again at once."""
        self.send(signal.SIGKILL)

    def end_and_hold(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by a signal, and do not start it again before `release`."""
        self._held.hold()
        self.send(number)

    def release(self) -> None:
        """Start it again, or let it go on where it was stopped by a signal."""
        self._held.release()
        self.send(signal.SIGCONT)

    def restart(self, seconds_max: float) -> None:
        """SIGTERM, by force once the time is over, and wait until its keeper has started it again.

        Returns after as much time again where it was not, as when it has left meanwhile.
        """
        before = self.starts
        self.send(signal.SIGTERM)
        if not self._wait_for_start(before, seconds_max):
            self.kill()
            self._wait_for_start(before, seconds_max)

    def _wait_for_start(self, before: int, seconds_max: float) -> bool:
        deadline = time.monotonic() + seconds_max
        while self.starts == before and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return self.starts != before

    def _on_started(self, _: str, pid: int) -> None:
        with self._mutex:
            self._pid = pid
            self.starts += 1

    def _on_ended(self) -> None:
        with self._mutex:
            self._pid = 0
