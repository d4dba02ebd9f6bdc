"""The limits of one batch, which is one transaction."""

from typing import NamedTuple


class BatchLimits(NamedTuple):
    """A batch ends at the first of these. A record that is alone does not wait for company."""

    records: int = 5_000
    """Input records."""
    bytes: int = 8 * 1024 * 1024
    """Bytes of input values; the record that goes beyond is the last."""
    milliseconds: int = 500
    """Time spent applying: a transaction's readers wait for all of it."""
    pace_milliseconds: int = 20
    """Least time from the beginning of a batch to that of the next, so that records gather under load.

    Fewer transactions leave more processor time to everybody: the tail is shorter, the median as it was.
    """
