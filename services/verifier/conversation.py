"""What the topics say about one conversation, in the order of its partition."""

from dataclasses import dataclass, field

from services.verifier.rules.consent import Standing
from services.verifier.rules.windows import WindowTrack

WAITING_MAX = 1_000
"""Messages that may wait for a customer at once; the platform fails what is more."""


@dataclass(slots=True)
class Conversation:
    """One customer and one business."""

    standing: Standing = field(default_factory=Standing)
    """Consent by the order of intake."""
    windows: dict[str, WindowTrack] = field(default_factory=dict)
    """By phone number id, by the order of screened."""
    consent_id: str = ""
    """The last consent record in dispatch."""
    permits: bool = False
    """What it says."""
    consent_seen: bool = False
    waiting: dict[str, int] = field(default_factory=dict)
    """Messages handed to the channel that have not ended, with the time at which they expire."""
