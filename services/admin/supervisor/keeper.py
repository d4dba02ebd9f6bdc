"""Keeps one process running."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from services.admin.supervisor.unit import Unit

log = structlog.get_logger()

FAILURES_TO_COMPLAIN = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a process that ended is started again."""

    first_seconds: float = 0.05
    """After an end from outside, or a first failure."""
    most_seconds: float = 1.6
    """At most, after failures in a row, each of which doubles it: what ends is back within two seconds."""
    settled_seconds: float = 10.0
    """A process that ran for so long has not failed at its start."""

    def delay_seconds(self, failures: int) -> float:
        """Time to wait after ``failures`` in a row."""
        return min(self.first_seconds * 2.0 ** min(failures, 32), self.most_seconds)


class Keeper:
    """One thread that starts a unit, waits for its end and starts it again, until told to stop."""

    def __init__(self, unit: Unit, on_started: Callable[[str, int], None], pace: Pace | None = None) -> None:
        """``on_started`` is called from the keeper's thread with name and process id after each start."""
        self._unit = unit
        self._on_started = on_started
        self._pace = pace or Pace()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper-of-{unit.name}", daemon=True)
        self.complaint: str | None = None
        """How the process ended, once it has failed several times in a row by itself; else None."""

    def start(self) -> None:
        """Start the process and keep it running."""
        self._thread.start()

    def stop(self, seconds_max: float) -> None:
        """End the process, by force once the time is over, and wait until it is gone."""
        self._stopping.set()
        self._unit.stop()
        self._thread.join(seconds_max)
        while self._thread.is_alive():
            log.warning("does not end: killed", process=self._unit.name)
            self._unit.kill()
            self._thread.join(1)

    def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            ended = self._unit.run(self._started)
            if self._stopping.is_set():
                log.info("stopped", process=self._unit.name)
                return
            settled = time.monotonic() - began > self._pace.settled_seconds
            failures = 0 if ended.by_signal or settled else failures + 1
            self.complaint = ended.reason if failures >= FAILURES_TO_COMPLAIN else None
            delay = self._pace.delay_seconds(failures)
            log.warning(
                "ended: will be started again",
                process=self._unit.name,
                how=ended.reason,
                failures=failures,
                in_seconds=delay,
            )
            self._stopping.wait(delay)

    def _started(self, pid: int) -> None:
        log.info("started", process=self._unit.name, pid=pid)
        self._on_started(self._unit.name, pid)
        if self._stopping.is_set():  # told to stop between the last look and the start
            self._unit.stop()
