"""All that the topics say about one message, gathered until it can be judged."""

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from services.verifier.records import Place
from services.verifier.rules.prices import Due
from services.verifier.rules.windows import Evidence


class Attempt(NamedTuple):
    """An attempt as the outbox has it."""

    number: int
    consent_id: str
    at_ms: int
    """Record time: that of the cause in dispatch."""
    place: Place


class Permit(NamedTuple):
    """The consent that was the last one in dispatch when an attempt fell due."""

    consent_id: str
    permits: bool
    known: bool
    """False where retention may have deleted the record that says so."""
    at_ms: int
    """Record time in dispatch."""


class Ending(NamedTuple):
    """The status that ended a message."""

    kind: str
    """delivered (also for read), failed or expired."""
    code: int
    """Cloud API code of a failure."""
    at_ms: int
    """When, as the business was told."""
    place: Place


class Outcome(NamedTuple):
    """What delivery told rate-and-bill."""

    delivered: bool
    read: bool
    """Whether the first receipt was a read receipt."""
    expired: bool
    at_ms: int
    consent_id: str
    place: Place


class Entry(NamedTuple):
    """A ledger entry, as far as others are compared with it."""

    kind: str
    sequence: int
    authorized_sequence: int
    amount_micros: int
    reserved_micros: int
    currency: str
    market: str
    plan: str
    plan_version: int
    recorded_at_ms: int
    facts: str
    """Digest of what the ledger repeats of the request's facts."""
    evidence: list[str]
    window: Evidence
    reason: str
    reserved_currency: str
    """Empty where the entry neither holds nor releases anything."""
    cause: Place
    """The record in usage that it says it follows from."""
    place: Place


UNKNOWN = -1
"""Stands for a judgement that needs records which retention has deleted."""


@dataclass(slots=True)
class MessageLife:
    """One message. What is None has not been seen."""

    KEPT_WHEN_SETTLED: ClassVar = (
        "settled",
        "message_id",
        "status_rank",
        "ending",
        "permitted",
        "permitted_at_ms",
        "attempted",
        "withdrawn",
        "seen",
        "failures",
    )

    settled: bool = False
    """Judged: what comes now is one too many, or a later status. (First, so that the bytes begin with it.)"""
    message_id: str = ""
    conversation: str = ""
    """Key of the conversation, as far as any record has told it."""
    touched: int = 0
    """Number of the cut that last brought news of it."""
    accepted_at_ms: int = 0
    expires_at_ms: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    """Digest of the request's facts, by topic; under ledger, of what entries repeat of those in usage."""

    requested: Place | None = None
    objection: int = 0
    """Code with which consent must refuse it, by the order of intake; 0 for none, or UNKNOWN."""
    keyed: bool = False
    """Whether it came with an Idempotency-Key."""
    screened: Place | None = None
    screened_consent_id: str = ""
    window_due: Evidence | None = None
    """The window by the customer's messages in screened; None where it cannot be known."""
    window_partial: bool = False
    """Whether only the newest message of it is certain."""
    held: Place | None = None
    held_record_ms: int = 0
    """Record time of the content in dispatch."""
    assessed: Place | None = None
    assessed_consent_id: str = ""
    window_stated: Evidence | None = None
    due: Due | None = None
    """What the plan says, for the window as stated; None where the plan cannot be known."""
    authorized: Place | None = None
    billable: bool = False
    refused: Place | None = None
    refused_code: int = 0
    refused_by_consent: bool = False
    given_up: Place | None = None
    failures: int = 0
    """How often dispatch says that a stage gave up on it."""

    permits: dict[int, Permit] = field(default_factory=dict)
    """By number of the attempt; the first and the newest few."""
    permitted: int = 0
    """Number of the newest attempt that dispatch causes; UNKNOWN once settled without all of dispatch."""
    permitted_at_ms: int = 0
    """Record time of what causes it."""
    attempts: list[Attempt] = field(default_factory=list)
    attempted: int = 0
    """Highest number of an attempt that outbox has."""
    withdrawn: bool = False
    """Whether outbox has a tombstone: nothing of it waits for the customer any more."""
    unsure: bool = False
    """Whether it may have ended by a consent that retention has deleted."""
    received: Place | None = None
    """The first receipt that found it waiting."""
    received_at_ms: int = 0
    """The time that it tells."""
    received_record_ms: int = 0
    """Record time of that receipt."""
    received_under: str = ""
    """The consent of the newest attempt then; empty where it cannot be known."""
    seen: bool = False
    """Whether dispatch has a read receipt."""
    told: dict[str, Place] = field(default_factory=dict)
    """Statuses that the business was told, by kind."""
    status_rank: int = 0
    ending: Ending | None = None
    outcome: Outcome | None = None
    reservation: Entry | None = None
    closing: Entry | None = None
    """The entry captured, voided or free."""
