"""Consent, computed once more from intake.

Source: business rules 2.10 and the interfaces' "STOP words". A customer's message or a recorded opt-in
permits until a STOP word, a recorded opt-out or a block; only a START word or a recorded opt-in restores.
A block hides what held before, and taking it back brings that back.
"""

from dataclasses import dataclass

NEVER, GRANTED, STOPPED, BLOCKED = 0, 1, 2, 3
"""As the contract numbers them."""
UNKNOWN = -1
UNDELIVERABLE, CUSTOMER_STOPPED = 131026, 131050


@dataclass(slots=True)
class Standing:
    """How a customer stands towards a business."""

    consent: int = NEVER
    """NEVER, GRANTED, STOPPED, or UNKNOWN where the beginning has been deleted."""
    blocked: int = 0
    """1 for blocked, 0 for not, or UNKNOWN."""
    method: str = ""
    """How the newest change came to be."""
    evidence: str = ""

    @property
    def in_force(self) -> int:
        """What holds now, a block included."""
        if self.blocked:
            return BLOCKED if self.blocked == 1 else UNKNOWN
        return self.consent

    def objection(self) -> int:
        """The Cloud API code with which a request is refused, 0 when it is permitted, or UNKNOWN."""
        if self.blocked == UNKNOWN or (not self.blocked and self.consent == UNKNOWN):
            return UNKNOWN
        if self.blocked or self.consent == NEVER:
            return UNDELIVERABLE
        return CUSTOMER_STOPPED if self.consent == STOPPED else 0

    def set(self, consent: int, method: str, evidence: str) -> None:
        """Consent takes a new value."""
        self.consent, self.method, self.evidence = consent, method, evidence


def message_grants(standing: Standing) -> bool:
    """Whether an ordinary message permits: the first one does, unless the business is blocked."""
    return standing.consent in (NEVER, UNKNOWN) and standing.blocked != 1


def start_grants(standing: Standing) -> bool:
    """Whether a START word permits: whenever nothing does, unless the business is blocked."""
    return standing.consent != GRANTED and standing.blocked != 1


def record_changes(standing: Standing, consent: int, method: str, evidence: str) -> bool:
    """Whether an operator's record is news: new proof of what holds is, the same record again is not."""
    return (standing.consent, standing.method, standing.evidence) != (consent, method, evidence)
