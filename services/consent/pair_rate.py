"""How fast a number may write to one customer: a burst at once, then one message in each interval.

A message uses up one interval of the pair's time. Up to a burst of messages may be borrowed from the future;
what is borrowed is paid back as time passes. (Generic cell rate algorithm; business rules 2.9: 45 messages
within 6 seconds, then one in 6 seconds.)
"""

from typing import NamedTuple

from services.consent.refusal import Refusal

TOO_FAST = 131056


class PairRate(NamedTuple):
    """The limit that holds for each number and customer."""

    burst: int = 45
    """Messages that may come at once."""
    interval_ms: int = 6_000
    """Milliseconds that each message takes from the pair's time."""

    @property
    def borrowed_max_ms(self) -> int:
        """How far ahead of time the pair may be."""
        return self.burst * self.interval_ms


def paid_until_after(rate: PairRate, paid_until_ms: int, accepted_at_ms: int) -> int:
    """When everything sent is paid back, once a message accepted at that time is counted too."""
    return max(paid_until_ms, accepted_at_ms) + rate.interval_ms


def why_too_fast(rate: PairRate, paid_until_ms: int, accepted_at_ms: int) -> Refusal | None:
    """Why a message accepted then comes too soon; None when it does not. A refused one is not counted."""
    early_ms = paid_until_after(rate, paid_until_ms, accepted_at_ms) - accepted_at_ms - rate.borrowed_max_ms
    if early_ms <= 0:
        return None
    return Refusal(
        TOO_FAST,
        f"Too many messages from this number to this customer (at most {rate.burst} at once, then one in "
        f"{rate.interval_ms / 1_000:g} seconds); send it again in {-(-early_ms // 1_000)} seconds.",
    )
