"""Invariant 4: free if and only if the plan says so for the evidence, and the evidence is true."""

from collections.abc import Iterator

from services.verifier.known import Known
from services.verifier.life import Entry, MessageLife
from services.verifier.records import Place
from services.verifier.rules.prices import CHARGED, FREE, REFUSED, Due


def judge(life: MessageLife, known: Known) -> None:
    """Compare the stated window with the customer's messages, and each entry with the plan."""
    wrong = [*_evidence(life, known), *_verdict(life, known)]
    for entry in (life.reservation, life.closing):
        if entry is not None:
            wrong += _entry(life, entry)
    for place, sentence in wrong:
        known.findings.violated(4, place, life.message_id, sentence)


def _evidence(life: MessageLife, known: Known) -> Iterator[tuple[Place, str]]:
    if life.assessed is None:
        return
    if life.window_due is None or life.window_stated is None:
        known.findings.unchecked[4] += 1
        return
    known.findings.checked[4] += 1
    if life.window_stated != life.window_due:
        yield life.assessed, "The window is not the one that the customer's messages in screened make."
    if life.screened is not None and life.screened_consent_id != life.assessed_consent_id:
        yield life.assessed, "usage names another consent than screened."


def _verdict(life: MessageLife, known: Known) -> Iterator[tuple[Place, str]]:
    due = life.due
    if due is None:
        if life.assessed is not None:
            known.findings.unchecked[4] += 1
        return
    known.findings.checked[4] += 1
    by_price = life.refused is not None and not life.refused_by_consent
    if life.refused is not None and by_price and (due.kind, due.code) != (REFUSED, life.refused_code):
        yield life.refused, f"It was refused with {life.refused_code}, but the plan says {_words(due)}."
    if life.authorized is not None:
        if due.kind == REFUSED:
            yield life.authorized, f"The message was authorized, but the plan says {_words(due)}."
        elif life.billable != (due.kind == CHARGED):
            yield life.authorized, f"Its pricing contradicts the plan, which says {_words(due)}."
        elif due.kind == CHARGED and life.reservation is None:
            yield life.authorized, "The message may cost something but the ledger has no authorization."


def _entry(life: MessageLife, entry: Entry) -> Iterator[tuple[Place, str]]:
    due = life.due
    if entry.window != life.window_stated and life.window_stated is not None:
        yield entry.place, f"The entry {entry.kind} rests on another window than usage states."
    if due is None:
        return
    if (due.kind == FREE) != (entry.kind == "free"):
        yield entry.place, f"The entry is {entry.kind}, but the plan says {_words(due)}."
        return
    if (entry.market, entry.plan, entry.plan_version) != (due.market, due.plan, due.plan_version):
        yield (
            entry.place,
            f"The entry says {entry.plan} version {entry.plan_version}, {entry.market}; "
            f"it is {due.plan} version {due.plan_version}, {due.market}.",
        )
    amount = -due.micros if entry.kind == "captured" else 0
    reserved = {"authorized": due.micros, "free": 0}.get(entry.kind, -due.micros)
    if (entry.amount_micros, entry.reserved_micros, entry.currency) != (amount, reserved, due.currency):
        yield (
            entry.place,
            f"The entry {entry.kind} has {entry.amount_micros} and reserves {entry.reserved_micros} micros; "
            f"by the plan it has {amount} and reserves {reserved}.",
        )
    if life.window_stated is not None:
        window = life.window_stated
        for evidence in (window.last_message_id, window.opened_by):
            if evidence and evidence not in entry.evidence:
                yield entry.place, f"The entry {entry.kind} does not name {evidence} in its evidence."


def _words(due: Due) -> str:
    return {FREE: "free", CHARGED: f"{due.micros} micros", REFUSED: f"refused with {due.code}"}[due.kind]
