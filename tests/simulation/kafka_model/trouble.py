"""What can go wrong between one process and the cluster."""

from enum import Enum, auto


class CommitFate(Enum):
    """What becomes of a request to commit."""

    ANSWERED = auto()
    REQUEST_LOST = auto()
    """It never arrives, and nobody answers: the transaction stays open."""
    ANSWER_LOST = auto()
    """It arrives, and nobody answers."""


class NoTrouble:
    """A connection without faults; subclasses have some."""

    def of_commit(self) -> CommitFate:
        """Asked for each commit."""
        return CommitFate.ANSWERED

    def fails(self) -> bool:
        """Asked for each transaction before its commit: whether it fails for a reason that passes."""
        return False

    def shakes(self) -> bool:
        """Asked before each transaction: whether a connection broke, so that the producer is renewed."""
        return False

    def times_appended(self) -> int:
        """Asked for each record outside of transactions: 0, it gets lost; 2, a retry doubles it."""
        return 1
