"""Who may message whom: a business may write to who wrote first or opted in, until STOP or a block.

Consent is between one customer and one business, all its numbers included and for any category. What holds is
always the newest change; each change has an id, a method and its evidence, so that "why did we message this
customer" has an answer. (Business rules 2.10; WhatsApp Business Messaging Policy, opt-in.)
"""

from enum import IntEnum
from typing import NamedTuple

from services.consent.refusal import Refusal

UNDELIVERABLE = 131026
CUSTOMER_STOPPED = 131050

WROTE = "customer_wrote"
KEYWORD = "keyword"
BLOCK = "block"
UNBLOCK = "unblock"


class Consent(IntEnum):
    """What a customer permits a business."""

    NEVER = 0
    """Never wrote and never opted in: forbids."""
    GRANTED = 1
    """Wrote first or opted in: permits."""
    STOPPED = 2
    """Said STOP, or an opt-out was recorded: forbids."""
    BLOCKED = 3
    """Blocks the business, whatever held before: forbids, and hides the customer from the business."""


class Word(IntEnum):
    """What the whole of a customer's message means for consent."""

    NONE = 0
    STOP = 1
    START = 2


class Happened(IntEnum):
    """What a change of consent is called."""

    GRANTED = 1
    STOPPED = 2
    BLOCKED = 3
    UNBLOCKED = 4


class Standing(NamedTuple):
    """How a customer and a business stand."""

    consent: Consent
    """Never, granted or stopped: what holds apart from a block."""
    blocked: bool
    method: str
    """How it came to be, by the newest change."""
    evidence: str
    """The proof of the newest change."""


STRANGERS = Standing(Consent.NEVER, blocked=False, method="", evidence="")


class Change(NamedTuple):
    """One change of consent and its proof."""

    happened: Happened
    method: str
    """How the customer said so: in a message, by a word, by a block, or as an operator recorded it."""
    evidence: str
    """The customer's message, or what the operator recorded; empty for a block."""


def in_force(standing: Standing) -> Consent:
    """What the customer permits now, a block included."""
    return Consent.BLOCKED if standing.blocked else standing.consent


def after(standing: Standing, change: Change) -> Standing:
    """How the two stand after a change. A block hides what held before; the unblock brings it back."""
    consent, blocked = standing.consent, standing.blocked
    if change.happened == Happened.GRANTED:
        consent = Consent.GRANTED
    elif change.happened == Happened.STOPPED:
        consent = Consent.STOPPED
    else:
        blocked = change.happened == Happened.BLOCKED
    return Standing(consent, blocked, change.method, change.evidence)


def customer_wrote(standing: Standing, word: Word, message_id: str) -> Change | None:
    """What a customer's message changes, if anything.

    The first message permits. A STOP word forbids until a START word or a recorded opt-in; other messages do
    not restore. Who blocks the business grants it nothing by writing, not even by START; but STOP is STOP, so
    that taking the block back later does not bring back what the customer ended meanwhile.

    A word that changes nothing is heard all the same: unless the customer blocks the business, each message
    that is a word is told to the business as a preference and confirmed to the customer, once.
    """
    if word == Word.STOP:
        return None if standing.consent == Consent.STOPPED else Change(Happened.STOPPED, KEYWORD, message_id)
    if standing.blocked or standing.consent == Consent.GRANTED:
        return None
    if word == Word.START:
        return Change(Happened.GRANTED, KEYWORD, message_id)
    return Change(Happened.GRANTED, WROTE, message_id) if standing.consent == Consent.NEVER else None


def customer_blocked(standing: Standing) -> Change | None:
    """What a block changes; blocking twice is blocking once."""
    return None if standing.blocked else Change(Happened.BLOCKED, BLOCK, "")


def customer_unblocked(standing: Standing) -> Change | None:
    """What taking a block back changes; without a block, nothing."""
    return Change(Happened.UNBLOCKED, UNBLOCK, "") if standing.blocked else None


def operator_recorded(standing: Standing, happened: Happened, method: str, evidence: str) -> Change | None:
    """What a recorded opt-in or opt-out changes. A block stays.

    New proof of what holds already is a change as well, since the proof is what people ask for later. The
    same record given twice is one.
    """
    change = Change(happened, method, evidence)
    return None if after(standing, change) == standing else change


def why_forbidden(standing: Standing) -> Refusal | None:
    """Why the business may not write to the customer; None when it may."""
    if standing.blocked:
        return _BLOCKED
    if standing.consent == Consent.GRANTED:
        return None
    if standing.consent == Consent.NEVER:
        return _NEVER
    return _SAID_STOP if standing.method == KEYWORD else _OPTED_OUT


_BLOCKED = Refusal(
    UNDELIVERABLE,
    "The customer has blocked this business; nothing can be sent until the customer unblocks it.",
)
_NEVER = Refusal(
    UNDELIVERABLE,
    "The customer has never written to this business and has not opted in; "
    "wait until the customer writes, or record an opt-in.",
)
_SAID_STOP = Refusal(
    CUSTOMER_STOPPED,
    "The customer said STOP; wait until the customer sends a START word, or record an opt-in.",
)
_OPTED_OUT = Refusal(
    CUSTOMER_STOPPED,
    "The customer has opted out; wait until the customer sends a START word, or record an opt-in.",
)
