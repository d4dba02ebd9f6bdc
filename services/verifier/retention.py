"""From when on every record of a partition has been in view: what was deleted before cannot be judged."""

from services.verifier.records import Cut, TopicPartition

ALWAYS = -1
"""Seen from its first record."""
NEVER = 1 << 62
"""All was deleted, and nothing has come since."""
SLACK_MS = 24 * 3_600_000
"""Records are written in the order of their causes, not of their times: an outage may hold some back."""


class InView:
    """The time since which each partition is known without a gap, Unix milliseconds."""

    def __init__(self, since_ms: dict[TopicPartition, int] | None = None) -> None:
        self.since_ms = since_ms or {}
        self._all_whole = False

    def begin_cut(self, cut: Cut, positions: dict[TopicPartition, int]) -> None:
        """Partitions whose oldest record lies behind where we stood have a gap."""
        for place, span in cut.items():
            if span.start > positions.get(place, 0):
                self.since_ms[place] = NEVER
            else:
                self.since_ms.setdefault(place, ALWAYS)
        self._all_whole = all(since_ms == ALWAYS for since_ms in self.since_ms.values())

    def note(self, place: TopicPartition, timestamp_ms: int) -> None:
        """A record of that time was read."""
        if self.since_ms.get(place) == NEVER:
            self.since_ms[place] = timestamp_ms + SLACK_MS

    def whole(self, topic: str, partition: int) -> bool:
        """Whether the partition was seen from its first record on."""
        return self.since_ms.get((topic, partition)) == ALWAYS

    def kept(self, topic: str, partition: int, at_ms: int) -> bool:
        """Whether a record of that time, had it been written there, would have been seen."""
        return self._all_whole or self.since_ms.get((topic, partition), NEVER) < at_ms

    def all_kept(self) -> bool:
        """Whether every partition was seen from its first record on."""
        return self._all_whole
