"""The points of a stage's loop that a test or a simulation can watch, and strike at."""

from collections.abc import Callable
from enum import Enum, auto


class Point(Enum):
    """A moment in the loop, in the order of a batch's life; the rest may come between batches."""

    POLLED = auto()
    """Records are there, nothing is applied."""
    APPLIED = auto()
    """The batch is applied in memory."""
    BEGUN = auto()
    """The transaction is open and empty."""
    PRODUCED = auto()
    """Outputs and state changes are handed to the producer."""
    OFFSETS_SENT = auto()
    """The input offsets are in the transaction."""
    COMMITTED = auto()
    """The transaction is committed, the store knows nothing of it."""
    STORED = auto()
    """The store is where the transaction is."""
    ABORTED = auto()
    """The transaction is aborted; the batch is forgotten and will be read again."""
    SET_ASIDE = auto()
    """A record is going to the dead letters with this batch."""
    TICKED = auto()
    """A tick was appended to an idle partition."""
    ASSIGNED = auto()
    """A partition is ours, its state is not there yet."""
    RESTORED = auto()
    """A partition's state is there."""
    REVOKED = auto()
    """A partition is about to go to another member; its store is closed."""
    LOST = auto()
    """A partition was taken from us; its store is closed."""


Observe = Callable[[Point], None]
"""Called at each point. What it raises ends the loop."""


def observe_nothing(_: Point) -> None:
    """What the product passes."""
