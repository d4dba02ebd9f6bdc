"""What delivery decides: may this attempt be made, what does a receipt change, when is a message over.

A message is accepted, then sent (handed to the channel), delivered (the phone has it), read. It only ever
moves forward. Failed and expired are final. What falls due is settled by the first receipt alone.
"""

from enum import Enum, IntEnum
from typing import NamedTuple

HOUR_MS = 3_600_000
WAITING_MAX = 1_000
"""Messages, notices and read marks that may wait for one customer of one business."""
LATE_RECEIPTS_COUNTED_MAX = 100
"""Receipts after the end that are still counted; the rest leave no trace."""
SIGNAL_TTL_MS = 30 * 24 * HOUR_MS
"""How long a notice or read mark waits for a customer who stays away."""


class Stand(IntEnum):
    """Where a message stands."""

    ACCEPTED = 1
    SENT = 2
    DELIVERED = 3
    READ = 4
    FAILED = 5
    EXPIRED = 6


WAITS = frozenset({Stand.ACCEPTED, Stand.SENT})
"""A message that may still be received, and may still expire."""


class Consent(IntEnum):
    """The customer's consent towards the business, a block included."""

    NEVER = 0
    GRANTED = 1
    STOPPED = 2
    BLOCKED = 3


class Receipt(IntEnum):
    """What the customer's side confirms."""

    DELIVERED = 1
    READ = 2


class Ending(NamedTuple):
    """Why a message ends without a receipt: a Cloud API code, and what to do in one sentence."""

    code: int
    details: str


EXPIRED = Ending(
    131026,
    "Nobody received the message before its time to live was over: send it again if it still matters.",
)
TOO_MANY_WAIT = Ending(
    131056,
    f"{WAITING_MAX:,} messages already wait for this customer: "
    "send again when some of them have been delivered or have expired.",
)
LOST = Ending(131000, "Something went wrong inside the platform and the message was not sent: send it again.")

_OBJECTIONS = {
    Consent.NEVER: Ending(
        131026,
        "The customer has neither written to this business nor opted in: "
        "wait for a message or record an opt-in before sending again.",
    ),
    Consent.STOPPED: Ending(
        131050,
        "The customer stopped messages from this business before this one was handed over: "
        "send again only after a START word or a recorded opt-in.",
    ),
    Consent.BLOCKED: Ending(
        131026,
        "The customer blocked this business before this message was handed over: "
        "nothing can be sent until the customer takes the block back.",
    ),
}


def objection(consent: Consent) -> Ending | None:
    """Why no attempt may be made under the customer's consent now; None where one may."""
    return _OBJECTIONS.get(consent)


def may_signal(consent: Consent) -> bool:
    """Whether a notice or read mark may be shown: it is no message, but a block hides the business wholly."""
    return consent is not Consent.BLOCKED


def counts_as(receipt: Receipt, consent: Consent) -> Receipt:
    """What a receipt counts as under the customer's consent now.

    A blocked business sees nothing more of the customer, so not that it is read. That the phone has a message
    is no sight of the customer but what the charge rests on, and is told.
    """
    return Receipt.DELIVERED if consent is Consent.BLOCKED else receipt


class Effect(Enum):
    """What a receipt does to a message."""

    NONE = "changes nothing"
    FIRST = "is the first: the message is received, and what it costs falls due"
    READ_AT_LAST = "tells that a delivered message has been read"
    LATE = "comes after the message had failed or expired: noted, never charged"


def effect(stand: Stand, receipt: Receipt) -> Effect:
    """What a receipt does. Read before delivered counts for both; repeats and regressions do nothing.

    Nobody can have received what was not handed to the channel, so a receipt for it does nothing either.
    """
    match stand:
        case Stand.SENT:
            return Effect.FIRST
        case Stand.DELIVERED if receipt is Receipt.READ:
            return Effect.READ_AT_LAST
        case Stand.FAILED | Stand.EXPIRED:
            return Effect.LATE
        case _:
            return Effect.NONE


class Retention(NamedTuple):
    """How long a message is remembered after its end, in hours."""

    delivered_hours: int = 168
    ended_hours: int = 24
    """After read, failed or expired."""


def forget_at_ms(stand: Stand, since_ms: int, retention: Retention, *, authorized: bool) -> int:
    """When a message that took its stand at ``since_ms`` is forgotten, Unix milliseconds.

    One that expired before it was authorized is remembered as long as a delivered one: the line is late,
    and what it says at last must not be taken for news about an unknown message.
    """
    long = stand is Stand.DELIVERED or (stand is Stand.EXPIRED and not authorized)
    return since_ms + (retention.delivered_hours if long else retention.ended_hours) * HOUR_MS
