"""A process that is kept running, but can be kept down for a while."""

import threading
from collections.abc import Callable

from services.admin.supervisor.unit import Ended, Unit


class Held:
    """Wraps a unit: between `hold` and `release` it is not started again."""

    def __init__(self, name: str, unit: Unit, on_ended: Callable[[], None]) -> None:
        """``on_ended`` is called each time that the process is gone."""
        self.name = name
        self._unit = unit
        self._on_ended = on_ended
        self._may_start = threading.Event()
        self._may_start.set()
        self._stopping = False

    def hold(self) -> None:
        """Do not start it again; what runs goes on until it ends."""
        self._may_start.clear()

    def release(self) -> None:
        """Start it again."""
        self._may_start.set()

    def run(self, started: Callable[[int], None]) -> Ended:
        """See `Unit`."""
        self._may_start.wait()
        if self._stopping:
            return Ended("told to stop", by_signal=True)
        try:
            return self._unit.run(started)
        finally:
            self._on_ended()

    def stop(self) -> None:
        """See `Unit`."""
        self._stopping = True
        self._may_start.set()
        self._unit.stop()

    def kill(self) -> None:
        """See `Unit`."""
        self._unit.kill()
