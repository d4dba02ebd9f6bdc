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

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to the process that runs now; False when none does."""
        with self._mutex, suppress(ProcessLookupError):
            if self._pid:
                os.kill(self._pid, number)
                return True
        return False

    def kill(self) -> bool:
        """``kill -9``; its keeper starts it again at once. False when no process runs."""
        return self.send(signal.SIGKILL)

    def end_and_hold(self, number: signal.Signals = signal.SIGKILL) -> bool:
        """End it by a signal, and do not start it again before `release`. False when no process runs."""
        self._held.hold()
        return self.send(number)

    def release(self) -> None:
        """Start it again, or let it go on where it was stopped by a signal."""
        self._held.release()
        self.send(signal.SIGCONT)

    def restart(self, seconds_max: float) -> bool:
        """SIGTERM, by force once the time is over, and wait until its keeper has started it again.

        False, after as much time again, where it was not, as when it has left meanwhile.
        """
        before = self.starts
        self.send(signal.SIGTERM)
        if self._wait_for_start(before, seconds_max):
            return True
        self.kill()
        return self._wait_for_start(before, seconds_max)

    def wait_until_it_runs(self, seconds_max: float) -> bool:
        """Block until a process runs; False when none has come in time."""
        deadline = time.monotonic() + seconds_max
        while not self.runs and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return self.runs

    @property
    def runs(self) -> bool:
        """Whether a process runs now."""
        with self._mutex:
            return self._pid != 0

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
