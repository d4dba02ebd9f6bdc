"""When an update that was not taken is tried again, and when it is given up."""

from dataclasses import dataclass
from typing import NamedTuple

TIERS_MAX = 7
"""Retry topics that are declared: webhook-retry-1 to webhook-retry-7."""
SPARED_TIERS_MAX = 5
"""Topics for updates that were not tried, with the same waits: webhook-retry-spared-1 to -5."""
SPARED_SECONDS_MAX = 600.0
"""Longest wait of an update that was not tried."""


class NextTry(NamedTuple):
    """Where an update waits, and until when."""

    tier: int
    """From 1; the number in the name of the topic."""
    due_at_ms: int
    """Unix milliseconds, UTC."""
    spared: bool = False
    """Whether it waits among those that were not tried."""


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """The waits after each try; the last one repeats until the time to give up."""

    waits_seconds: tuple[float, ...] = (1, 5, 30, 120, 600, 3600, 21600)
    give_up_seconds: float = 129_600
    """Counted from when an update was first tried, or spared its first try: 36 hours."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.waits_seconds) <= TIERS_MAX or min(self.waits_seconds) <= 0:
            raise ValueError(f"give 1 to {TIERS_MAX} waits, each above 0 seconds, not {self.waits_seconds}")

    def after(self, tries: int, first_tried_at_ms: int, now_ms: int) -> NextTry | None:
        """The next try after `tries` that failed (at least one); None when it would come too late."""
        tier = min(tries, len(self.waits_seconds))
        due_at_ms = now_ms + round(self.waits_seconds[tier - 1] * 1000)
        if due_at_ms - first_tried_at_ms > self.give_up_seconds * 1000:
            return None
        return NextTry(tier, due_at_ms)

    def spared(self, first_tried_at_ms: int, now_ms: int) -> NextTry | None:
        """When an update comes again that was not tried; None when its time is over by then.

        It waits for at most as long as it has waited already and for ten minutes at most, or for the first
        wait. So what waits behind an outage comes soon after its end, and each update is written to Kafka a
        bounded number of times, however long the outage.
        """
        waited_seconds = (now_ms - first_tried_at_ms) / 1000
        longest = min(max(waited_seconds, self.waits_seconds[0]), SPARED_SECONDS_MAX)
        tiers = enumerate(self.waits_seconds[:SPARED_TIERS_MAX], start=1)
        tier = max((number for number, wait in tiers if wait <= longest), default=1)
        due_at_ms = now_ms + round(self.waits_seconds[tier - 1] * 1000)
        if due_at_ms - first_tried_at_ms > self.give_up_seconds * 1000:
            return None
        return NextTry(tier, due_at_ms, spared=True)
