"""Invariant 4: free if and only if the plan says so for the evidence, and the evidence is true."""

from collections.abc import Iterator

from services.verifier.findings import Judgement
from services.verifier.life import Entry, MessageLife
from services.verifier.records import Place
from services.verifier.rules.prices import CHARGED, EXPIRED, FREE, NOT_DELIVERED, REFUSED, Due
from services.verifier.rules.windows import Evidence

Wrong = Iterator[tuple[Place, str]]


def judge(life: MessageLife, judgement: Judgement) -> None:
    """Compare the stated window with the customer's messages, and each entry with the plan."""
    found = [*_evidence(life, judgement), *_verdict(life, judgement)]
    for entry in (life.reservation, life.closing):
        if entry is not None:
            found += [*_rests_on(life, entry), *_caused(life, entry), *_priced(life, entry)]
    judgement.wrong += [(4, place, sentence) for place, sentence in found]


def _evidence(life: MessageLife, judgement: Judgement) -> Wrong:
    """Whether usage states the window that the customer's messages make."""
    due, stated = life.window_due, life.window_stated
    if life.assessed is None or stated is None:
        return
    if due is None:
        judgement.unchecked.append(4)
        return
    judgement.checked.append(4)
    if _certain(due, life) != _certain(stated, life):
        yield life.assessed, "The window is not the one that the customer's messages in screened make."
    elif life.screened is not None and life.screened_consent_id != life.assessed_consent_id:
        yield life.assessed, "usage names another consent than screened."


def _certain(window: Evidence, life: MessageLife) -> tuple[object, ...]:
    """What of a window is certain: all, or its newest message where retention has deleted older ones."""
    if not life.window_partial:
        return window
    return window.open, window.last_message_id, window.last_message_at_ms, window.closes_at_ms


def _verdict(life: MessageLife, judgement: Judgement) -> Wrong:
    """Whether rate-and-bill answered as the plan says."""
    due = life.due
    if due is None:
        if life.assessed or life.closing:
            judgement.unchecked.append(4)
        return
    judgement.checked.append(4)
    if life.refused is not None and not life.refused_by_consent:
        if (due.kind, due.code) != (REFUSED, life.refused_code):
            yield life.refused, f"It was refused with {life.refused_code}, but the plan says {_words(due)}."
    elif life.authorized is not None:
        if due.kind == REFUSED:
            yield life.authorized, f"The message was authorized, but the plan says {_words(due)}."
        elif life.billable != (due.kind == CHARGED):
            yield life.authorized, f"Its pricing contradicts the plan, which says {_words(due)}."


def _rests_on(life: MessageLife, entry: Entry) -> Wrong:
    """Whether the entry names the evidence that usage states."""
    stated = life.window_stated
    if stated is None:
        return
    if entry.facts != life.facts.get("ledger", entry.facts):
        yield entry.place, f"The entry {entry.kind} has other facts of the request than usage."
    if entry.window != stated:
        yield entry.place, f"The entry {entry.kind} rests on another window than usage states."
        return
    if entry is life.closing and life.outcome is None:
        return
    consent_id = life.outcome.consent_id if life.outcome and entry is life.closing else ""
    names = (stated.last_message_id, stated.opened_by, life.assessed_consent_id, consent_id)
    due = [name for name in dict.fromkeys(names) if name]
    if entry.evidence != due:
        yield (
            entry.place,
            f"The entry {entry.kind} names {_list(entry.evidence)} as evidence, not {_list(due)}.",
        )


def _caused(life: MessageLife, entry: Entry) -> Wrong:
    """Whether the entry points at the record in usage that it follows from."""
    outcome = life.outcome
    cause = life.assessed if entry is life.reservation else outcome and outcome.place
    if cause is not None and entry.cause != cause:
        yield entry.place, f"The entry {entry.kind} says that it follows from {entry.cause}; that is {cause}."


def _priced(life: MessageLife, entry: Entry) -> Wrong:
    """Whether the entry has the plan's price."""
    due = life.due
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
    if entry.reason != (reason := _reason(due, life, entry)):
        yield entry.place, f"The entry {entry.kind} says {entry.reason or 'nothing'}; the reason is {reason}."
    amount = -due.micros if entry.kind == "captured" else 0
    reserved = {"authorized": due.micros, "free": 0}.get(entry.kind, -due.micros)
    if (entry.amount_micros, entry.reserved_micros, entry.currency) != (amount, reserved, due.currency):
        yield (
            entry.place,
            f"The entry {entry.kind} has {entry.amount_micros} and reserves {entry.reserved_micros} micros; "
            f"by the plan it has {amount} and reserves {reserved}.",
        )
    elif entry.reserved_currency != ("" if entry.kind == "free" else due.currency):
        yield entry.place, f"The entry {entry.kind} reserves {entry.reserved_currency or 'in no currency'}."


def _reason(due: Due, life: MessageLife, entry: Entry) -> str:
    if entry.kind != "voided":
        return due.reason
    if life.outcome is None or life.outcome.delivered:
        return entry.reason  # nothing to compare it with, or wrong as a whole
    return EXPIRED if life.outcome.expired else NOT_DELIVERED


def _list(evidence: list[str]) -> str:
    return ", ".join(evidence) or "nothing"


def _words(due: Due) -> str:
    return {FREE: "free", CHARGED: f"{due.micros} micros", REFUSED: f"refused with {due.code}"}[due.kind]
