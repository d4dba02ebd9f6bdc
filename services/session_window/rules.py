"""The customer service window: for 24 hours after a customer's last message, a business may answer freely.

There is one window for each customer and each of the business's numbers. Only what the customer writes opens
it or keeps it open; what the business sends never does. A message counts from the time it was written,
whenever it arrives. All times are Unix milliseconds, UTC. What a reply costs is not said here: price plans
are rate-and-bill's. (Business rules 2.4; Meta, "Send messages", customer service windows.)
"""

from enum import IntEnum
from typing import NamedTuple

HOUR_MS = 3_600_000
WINDOW_MS = 24 * HOUR_MS
CLOSING_SOON_MS = 2 * HOUR_MS
"""How long before its end a window is told to close soon, unless the account set another time."""
REMEMBERED_MS = 7 * 24 * HOUR_MS
"""How long a closed window is remembered, so that a late reply still names the message that it answers."""


class News(IntEnum):
    """What is told in the life of a window."""

    OPENED = 1
    EXTENDED = 2
    CLOSING_SOON = 3
    CLOSED = 4


class Told(IntEnum):
    """What was told of a window last."""

    NOTHING = 0
    OPEN = 1
    CLOSING_SOON = 2
    CLOSED = 3


class CustomerMessage(NamedTuple):
    """What a window needs to know of a customer's message."""

    message_id: str
    written_at_ms: int
    by_entry_point: bool
    """Whether the customer came through an ad or a page's button."""


class Window(NamedTuple):
    """The newest window of a customer and one number of a business."""

    opened_by: str
    """Id of the customer's message that opened it."""
    opened_at_ms: int
    last_message_id: str
    """The customer's newest message, by the time it was written."""
    last_message_at_ms: int
    entry_point_id: str
    """The newest message that came through an entry point; empty when none did."""
    entry_point_at_ms: int
    told: Told

    @property
    def closes_at_ms(self) -> int:
        """The first millisecond at which the window is closed."""
        return closes_at_ms(self.last_message_at_ms)


def closes_at_ms(last_message_at_ms: int) -> int:
    """When the window closes after the customer's last message: the first millisecond outside it."""
    return last_message_at_ms + WINDOW_MS


def is_open(last_message_at_ms: int, accepted_at_ms: int) -> bool:
    """Whether a reply accepted at that time falls into the window.

    23:59:59.999 after the customer's last message it does, 24:00:00.000 after it does not. Nothing else
    counts: not when the reply is judged, and not whether the window was told to be closed meanwhile.
    """
    return accepted_at_ms < closes_at_ms(last_message_at_ms)


def customer_wrote(before: Window | None, message: CustomerMessage) -> Window:
    """The window after a customer's message.

    A message that is not newer than the last one moves nothing: an old one that arrives late or again never
    reopens a window. A newer one continues the window if it was written before its end, else opens another.
    """
    wrote_at_ms = message.written_at_ms
    if before is None:
        entry_point = (message.message_id, wrote_at_ms) if message.by_entry_point else ("", 0)
        return Window(
            message.message_id, wrote_at_ms, message.message_id, wrote_at_ms, *entry_point, Told.OPEN
        )
    entry_point = (before.entry_point_id, before.entry_point_at_ms)
    if message.by_entry_point and wrote_at_ms > before.entry_point_at_ms:
        entry_point = (message.message_id, wrote_at_ms)
    if wrote_at_ms <= before.last_message_at_ms:
        return Window(*before[:4], *entry_point, before.told)
    if wrote_at_ms < before.closes_at_ms:
        opened = (before.opened_by, before.opened_at_ms)
    else:
        opened = (message.message_id, wrote_at_ms)
    return Window(*opened, message.message_id, wrote_at_ms, *entry_point, Told.OPEN)


def news_of_message(before: Window | None, after: Window) -> list[tuple[News, Window]]:
    """What a customer's message makes worth telling, in order, and of which window.

    Whoever follows the news sees each window opened, perhaps extended, and closed. A window that was told to
    be closed and then turns out to continue, because a message arrived late, is told to be open again.
    """
    if before is None or before.told == Told.CLOSED:
        moved = before is None or after.last_message_at_ms > before.last_message_at_ms
        return [(News.OPENED, after)] if moved else []
    if after.last_message_at_ms == before.last_message_at_ms:
        return []
    if after.opened_at_ms == before.opened_at_ms:
        return [(News.EXTENDED, after)]
    return [(News.CLOSED, before), (News.OPENED, after)]


def news_of_time(window: Window, now_ms: int, closing_soon_ms: int) -> News | None:
    """What is worth telling because it is ``now_ms``, if anything.

    A window whose end has come is told to be closed, even if nobody was told that it would close soon.
    """
    if window.told == Told.CLOSED:
        return None
    if now_ms >= window.closes_at_ms:
        return News.CLOSED
    if window.told == Told.OPEN and now_ms >= window.closes_at_ms - closing_soon_ms:
        return News.CLOSING_SOON
    return None


def is_forgotten(window: Window, now_ms: int) -> bool:
    """Whether the window was told to be closed so long ago that no late reply to it is to be expected."""
    return window.told == Told.CLOSED and now_ms >= window.closes_at_ms + REMEMBERED_MS


def next_look_at_ms(window: Window, closing_soon_ms: int) -> int:
    """When the passing of time next makes news of the window, or has it forgotten."""
    if window.told == Told.OPEN:
        return window.closes_at_ms - closing_soon_ms
    if window.told == Told.CLOSING_SOON:
        return window.closes_at_ms
    return window.closes_at_ms + REMEMBERED_MS
