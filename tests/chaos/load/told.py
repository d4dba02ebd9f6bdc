"""What the platform has told the outside: what is to be found in its topics afterwards."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Asked:
    """A message that a business wants to be sent, over all attempts, and what it was told of it."""

    token: str
    """Names it in ``biz_opaque_callback_data``, and so in intake."""
    phone_number_id: str
    number: str
    """The customer's."""
    keyed: bool
    """Whether each attempt had the same Idempotency-Key."""
    asked_at: float = 0.0
    """When the first attempt was made (monotonic seconds)."""
    accepted: list[tuple[str, int]] = field(default_factory=list)
    """For each 200 the id, and the UTC day (since 1970) on which it came."""
    possible: set[str] = field(default_factory=set)
    """Ids told with a 500: the message may exist."""
    silent: int = 0
    """Attempts that may have reached the platform and got no answer."""


@dataclass(slots=True)
class Said:
    """A message that a customer wrote, over all attempts with one client_id."""

    client_id: str
    number: str
    to: str
    """phone_number_id."""
    attempts: int = 0
    accepted: set[str] = field(default_factory=set)
    """Ids told in ``accepted`` frames."""


@dataclass(slots=True)
class Shown:
    """What one connection of a customer's device was shown, in order."""

    number: str
    message_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Told:
    """Everything. Written by the load's event loop alone."""

    asked: dict[str, Asked] = field(default_factory=dict)
    """By token."""
    said: dict[str, Said] = field(default_factory=dict)
    """By client_id, which no two customers share here."""
    shown: list[Shown] = field(default_factory=list)
    shown_at: dict[str, float] = field(default_factory=dict)
    """When a message was first shown (monotonic seconds), by its id."""
    webhooks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the receiver has answered 200: by message id and status, ``message`` for a customer's."""
    forged: int = 0
    """Webhooks whose signature was wrong."""
    answers: Counter[str] = field(default_factory=Counter)
    """Answers that businesses got, by HTTP status; ``none`` where none came, ``gave up`` after many."""
    surprises: list[str] = field(default_factory=list)
    """Answers to businesses that the contract does not know."""
    deeds: Counter[str] = field(default_factory=Counter)
    """What customers did."""
