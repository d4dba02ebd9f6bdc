"""What a supervisor keeps running: something that starts, has a process id, and ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ended:
    """How a unit ended."""

    reason: str
    """For people, such as ``exit status 78: PARLEY_PLATFORM_KEY is not set``."""
    by_signal: bool
    """Whether somebody ended it from outside, so that it says nothing about the unit itself."""


class Unit(Protocol):
    """A process that can be started again and again. ``run`` is called by one thread, the rest by any."""

    name: str

    def run(self, started: Callable[[int], None]) -> Ended:
        """Start the process, call ``started`` with its id, and block until it has ended."""
        ...

    def stop(self) -> None:
        """Ask the process to end, if one runs; does not wait."""
        ...

    def kill(self) -> None:
        """End the process at once, if one runs."""
        ...
