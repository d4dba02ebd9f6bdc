"""Invariant 2: delivered means one captured or free, any other end neither.

Each authorization is closed once, by captured or by voided.
"""

from collections.abc import Iterator

from services.verifier.known import Known
from services.verifier.life import Ending, MessageLife
from services.verifier.records import Place

Wrong = tuple[Place, str]


def judge(life: MessageLife, known: Known) -> None:
    """Compare the message's end with what it left in the ledger. A whole cut has brought no news of it."""
    known.findings.checked[2] += 1
    for place, sentence in [*_by_outcome(life, known), *_by_ending(life, known), *_by_entry(life)]:
        known.findings.violated(2, place, life.message_id, sentence)


def _by_outcome(life: MessageLife, known: Known) -> Iterator[Wrong]:
    """What rate-and-bill has certainly judged must be in the ledger."""
    outcome = life.outcome
    if outcome is None or not known.progress.passed(outcome.place):
        return
    if outcome.delivered and life.closing is None and life.due is not None and life.due.kind != "refused":
        yield outcome.place, "The message was delivered but the ledger has neither captured nor free."
    if not outcome.delivered and life.closing is None and life.reservation is not None:
        yield outcome.place, "The message was not delivered but its authorization was not voided."


def _by_ending(life: MessageLife, known: Known) -> Iterator[Wrong]:
    ending, outcome = life.ending, life.outcome
    if ending is None:
        return
    if outcome is None:
        if ending.kind == "delivered" and known.kept("usage", life.accepted_at_ms):
            yield ending.place, "The message is delivered but usage was not told."
        elif life.authorized is not None and known.progress.passed(life.authorized):
            yield (
                ending.place,
                f"The message is {ending.kind} after it was authorized, but usage was not told.",
            )
    elif outcome.delivered != (ending.kind == "delivered"):
        told = "delivered" if outcome.delivered else "not delivered"
        yield outcome.place, f"usage says {told}, statuses say {ending.kind}."


def _by_entry(life: MessageLife) -> Iterator[Wrong]:
    closing, reservation = life.closing, life.reservation
    if closing is None:
        return
    if closing.kind in ("captured", "voided"):
        if reservation is None:
            yield closing.place, f"The message is {closing.kind} but was never authorized."
        elif closing.authorized_sequence != reservation.sequence:
            yield (
                closing.place,
                f"The entry closes {closing.authorized_sequence}, "
                f"but the message was authorized by {reservation.sequence}.",
            )
        elif closing.reserved_micros != -reservation.reserved_micros:
            yield closing.place, "The entry does not release what was reserved."
    elif reservation is not None:
        yield closing.place, "The message is free although it was authorized."
    delivered = closing.kind in ("captured", "free")
    if _contradicts(life.ending, delivered):
        yield closing.place, f"The message is {closing.kind} but its end is another."
    elif life.outcome is not None and life.outcome.delivered != delivered:
        yield closing.place, f"The message is {closing.kind} but delivery told another outcome."


def _contradicts(ending: Ending | None, delivered: bool) -> bool:
    return ending is not None and (ending.kind == "delivered") != delivered
