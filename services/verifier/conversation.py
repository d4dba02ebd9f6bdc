"""What the topics say about one conversation, each in the order of its partition."""

from dataclasses import dataclass, field
from typing import NamedTuple

from services.verifier.records import Place
from services.verifier.rules.consent import Standing
from services.verifier.rules.order import ScreenedOrder
from services.verifier.rules.windows import WindowTrack

WAITING_MAX = 1_000
"""Messages that may wait for a customer at once; the platform fails what is more."""


class ChangeDue(NamedTuple):
    """A change of consent that follows from intake."""

    what: str
    """How it is called, when, by what method and evidence: what `consents` must say."""
    in_force: int
    """The consent that holds from then on, as `dispatch` must say."""
    certain: bool
    """False where it depends on records that retention has deleted."""
    at_ms: int
    place: Place


class ChangeTold(NamedTuple):
    """A change of consent as `consents` has it."""

    consent_id: str
    what: str
    at_ms: int
    place: Place


class ChangeSent(NamedTuple):
    """A change of consent as `dispatch` has it."""

    consent_id: str
    in_force: int
    at_ms: int
    place: Place


@dataclass(slots=True)
class Conversation:
    """One customer and one business."""

    conversation: str = ""
    touched: int = 0
    begun: bool = False
    """Whether intake has told anything of it."""
    standing: Standing = field(default_factory=Standing)
    """Consent by the order of intake."""
    due: list[ChangeDue] = field(default_factory=list)
    told: list[ChangeTold] = field(default_factory=list)
    sent: list[ChangeSent] = field(default_factory=list)
    windows: dict[str, WindowTrack] = field(default_factory=dict)
    """By phone number id, by the order of screened."""
    order: ScreenedOrder = field(default_factory=ScreenedOrder)
    consent_id: str = ""
    """The last consent record in dispatch."""
    permits: bool = False
    """What it says."""
    permits_known: bool = False
    waiting: dict[str, int] = field(default_factory=dict)
    """Messages handed to the channel that have not ended, with the time at which they expire."""
