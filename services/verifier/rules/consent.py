"""Consent, computed once more from intake.

Source: business rules 2.10 and the interfaces' "STOP words". A customer's message or a recorded opt-in
permits until a STOP word, a recorded opt-out or a block; only a START word or a recorded opt-in restores.
"""

from dataclasses import dataclass

NEVER, GRANTED, STOPPED = "never", "granted", "stopped"
UNDELIVERABLE, CUSTOMER_STOPPED = 131026, 131050


@dataclass(slots=True)
class Standing:
    """How a customer stands towards a business. ``consent`` is empty where it cannot be known."""

    consent: str = NEVER
    blocked: bool = False

    def wrote(self) -> None:
        """An ordinary message: the first one permits."""
        if self.consent == NEVER and not self.blocked:
            self.consent = GRANTED

    def said_stop(self) -> None:
        """A STOP word, taken also behind a block."""
        self.consent = STOPPED

    def said_start(self) -> None:
        """A START word, which a block leaves without effect."""
        if not self.blocked:
            self.consent = GRANTED

    def objection(self) -> int:
        """The Cloud API code with which a request is refused; 0 when it is permitted."""
        if self.blocked or self.consent == NEVER:
            return UNDELIVERABLE
        return CUSTOMER_STOPPED if self.consent == STOPPED else 0
