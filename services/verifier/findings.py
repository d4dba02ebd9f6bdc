"""What the verifier found: how much it checked, what it could not check, and what does not hold."""

from collections import Counter
from typing import NamedTuple

from services.verifier.records import Place

VIOLATIONS_KEPT_MAX = 10_000
"""Violations named; more are counted only."""

INVARIANTS = {
    1: "every accepted request has exactly one end",
    2: "delivered is captured or free once, nothing else is",
    3: "nobody is written to against the last consent",
    4: "free if and only if plan and evidence say so",
    5: "ledgers are numbered, chained and summed",
    6: "statuses only move forward",
    7: "a stage's input makes the same outputs again",
}


class Violation(NamedTuple):
    """One thing that does not hold."""

    invariant: int
    place: Place
    """The record that shows it."""
    subject: str
    """The message, business or conversation that it is about."""
    sentence: str


class Judgement:
    """What was found out about one message or conversation."""

    def __init__(self) -> None:
        self.checked: list[int] = []
        self.unchecked: list[int] = []
        self.wrong: list[tuple[int, Place, str]] = []


class Findings:
    """Collects violations and counts."""

    def __init__(self) -> None:
        self.records: Counter[str] = Counter()
        """Records read, by topic."""
        self.checked: Counter[int] = Counter()
        """Judgements made, by invariant."""
        self.unchecked: Counter[int] = Counter()
        """Judgements that are impossible without records that have been deleted, by invariant."""
        self.messages = 0
        """Accepted requests seen."""
        self.open = 0
        """Messages that have not ended and need not have."""
        self.under_way = 0
        """Messages that have ended but of which the last records may still come."""
        self.violations: list[Violation] = []
        self.violations_by_invariant: Counter[int] = Counter()

    def violated(self, invariant: int, place: Place, subject: str, sentence: str) -> None:
        """Note that an invariant does not hold."""
        self.violations_by_invariant[invariant] += 1
        if len(self.violations) < VIOLATIONS_KEPT_MAX:
            self.violations.append(Violation(invariant, place, subject, sentence))

    def take(self, subject: str, judgement: Judgement) -> None:
        """Add what was found out about one message or conversation."""
        self.checked.update(judgement.checked)
        self.unchecked.update(judgement.unchecked)
        for invariant, place, sentence in judgement.wrong:
            self.violated(invariant, place, subject, sentence)
