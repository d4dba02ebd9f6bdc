"""The limits of one batch, which is one transaction, and when it may begin."""

from typing import NamedTuple


class BatchLimits(NamedTuple):
    """A batch ends at the first of these."""

    records: int = 5_000
    """Input records."""
    bytes: int = 8 * 1024 * 1024
    """Bytes of input values; the record that goes beyond is the last."""
    milliseconds: int = 500
    """Time spent applying: a transaction's readers wait for all of it."""


class Pace(NamedTuple):
    """Least times from the beginning of a batch to that of the next, so that records gather under load.

    Fewer transactions leave more processor time to everybody. The first stage of the line keeps a pace of its
    own, and its batches come down the line as bursts. The others follow that rhythm: they take a burst when
    it comes, and along with it what can wait. A record that comes after a pause waits for nothing.
    """

    milliseconds: int = 5
    """Before any batch."""
    can_wait: frozenset[str] = frozenset()
    """Kinds of records that nobody waits for."""
    can_wait_milliseconds: int = 40
    """Before a batch that has nothing but those."""
