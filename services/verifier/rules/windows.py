"""The customer service window, computed once more from the customer's messages.

Source: business rules 2.4. The window lasts 24 hours from the newest message by its time; a message that is
not newer moves nothing; one written within the window continues it, else it opens another. A window is
remembered for seven days after its end; then replies name no window at all.
"""

from dataclasses import dataclass
from typing import NamedTuple

HOUR_MS = 3_600_000
LENGTH_MS = 24 * HOUR_MS
REMEMBERED_MS = 7 * 24 * HOUR_MS


class Evidence(NamedTuple):
    """What a request is judged by, as usage and the ledger state it."""

    opened_by: str = ""
    opened_at_ms: int = 0
    last_message_id: str = ""
    last_message_at_ms: int = 0
    closes_at_ms: int = 0
    entry_point_message_id: str = ""
    entry_point_at_ms: int = 0
    open: bool = False


NONE = Evidence()
"""The customer never wrote, or so long ago that it is forgotten."""


@dataclass(slots=True)
class WindowTrack:
    """The newest window of one customer and one number."""

    opened_by: str = ""
    opened_at_ms: int = 0
    last_id: str = ""
    last_at_ms: int = 0
    entry_id: str = ""
    entry_at_ms: int = 0
    partial: bool = False
    """Whether earlier messages, which retention has deleted, may have a part in it."""

    def forgotten(self, stage_time_ms: int) -> bool:
        """Whether the partition's time has gone past the window's memory."""
        return stage_time_ms >= self.last_at_ms + LENGTH_MS + REMEMBERED_MS

    @property
    def closes_at_ms(self) -> int:
        """The first millisecond outside."""
        return self.last_at_ms + LENGTH_MS

    def wrote(self, message_id: str, at_ms: int, entry_point: bool) -> bool:
        """The customer wrote again. Returns whether that opens or continues a window."""
        if entry_point and at_ms > self.entry_at_ms:
            self.entry_id, self.entry_at_ms = message_id, at_ms
        if at_ms <= self.last_at_ms:
            return False
        if at_ms - self.last_at_ms >= LENGTH_MS:
            self.opened_by, self.opened_at_ms = message_id, at_ms
        self.last_id, self.last_at_ms = message_id, at_ms
        return True

    def evidence(self, accepted_at_ms: int) -> Evidence:
        """The window as a request accepted at that time finds it."""
        return Evidence(
            self.opened_by,
            self.opened_at_ms,
            self.last_id,
            self.last_at_ms,
            self.closes_at_ms,
            self.entry_id,
            self.entry_at_ms,
            accepted_at_ms - self.last_at_ms < LENGTH_MS,
        )


def first_message(message_id: str, at_ms: int, entry_point: bool, partial: bool) -> WindowTrack:
    """The window that the first message seen of a customer opens."""
    entry = (message_id, at_ms) if entry_point else ("", 0)
    return WindowTrack(message_id, at_ms, message_id, at_ms, *entry, partial)
