"""Records about messages judged long ago, whose cause must come too: named when a whole cut has not."""

from collections.abc import Iterator
from typing import NamedTuple

from services.verifier.records import Place


class Missing(NamedTuple):
    """What is wrong where no cause comes."""

    invariant: int
    sentence: str


class Waiting(NamedTuple):
    """A record that waits for its cause."""

    missing: Missing
    place: Place
    subject: str
    cut: int


class Awaited:
    """Topics are read side by side, so a cause may be read after its effect. Few wait at a time."""

    def __init__(self, waiting: dict[str, Waiting] | None = None) -> None:
        self.waiting = waiting or {}

    def wait(self, key: str, missing: Missing, place: Place, subject: str, cut: int) -> None:
        """The record at ``place`` waits for the cause that ``key`` names."""
        self.waiting.setdefault(key, Waiting(missing, place, subject, cut))

    def came(self, key: str) -> None:
        """The cause is there."""
        if self.waiting:
            self.waiting.pop(key, None)

    def overdue(self, cut: int) -> Iterator[Waiting]:
        """What has waited for a whole cut; it is given once."""
        for key, each in list(self.waiting.items()):
            if each.cut < cut:
                del self.waiting[key]
                yield each
