"""4. Free if and only if plan and evidence say so: what entries claim."""

from collections.abc import Callable
from typing import Any

from tests.line.doctored.choosing import ended, first
from tests.line.doctoring import Case, Doctored, Run, chained_again, changed, edited, written_again


def charge_in_an_open_window(run: Run) -> Doctored:
    line = first(run, "ledger", "free")
    billed = first(run, "ledger", "authorized").event
    assessed = run.about("usage", line.message_id, "send_assessed")

    def authorized(entry: Any) -> None:
        entry.cause.offset = assessed.record.offset
        entry.authorized.SetInParent()
        entry.reserved.CopyFrom(billed.reserved)
        entry.recorded_at_ms = entry.accepted_at_ms

    def captured(entry: Any) -> None:
        entry.captured.SetInParent()
        entry.amount.micros = -billed.reserved.micros
        entry.reserved.CopyFrom(billed.reserved)
        entry.reserved.micros = -billed.reserved.micros

    records = run.partition_of(line)
    at = run.index(line)
    records[at : at + 1] = [
        changed(line.record, authorized),
        changed(line.record, captured),
    ]
    return written_again(run, chained_again(records), line.found(4), run.moved(line, 4, by=1))


def free_outside_the_window(run: Run) -> Doctored:
    line = first(run, "ledger", "captured")
    reservation = run.about("ledger", line.message_id, "authorized")

    def free(entry: Any) -> None:
        entry.free.SetInParent()
        entry.amount.micros = 0
        entry.ClearField("reserved")

    records = run.partition_of(line)
    records[run.index(line)] = changed(line.record, free)
    del records[run.index(reservation)]
    return written_again(run, chained_again(records), run.moved(line, 4, by=-1))


def price_too_low(run: Run) -> Doctored:
    line = first(run, "ledger", "captured")
    reservation = run.about("ledger", line.message_id, "authorized")

    def cheaper(entry: Any) -> None:
        entry.amount.micros += 1 if entry.amount.micros else 0
        entry.reserved.micros += 1 if entry.reserved.micros < 0 else -1

    records = run.partition_of(line)
    for each in (reservation, line):
        records[run.index(each)] = changed(each.record, cheaper)
    return written_again(run, chained_again(records), reservation.found(4), line.found(4))


def evidence_edited_in_usage(run: Run) -> Doctored:
    line = first(run, "usage", "send_assessed", where=ended(run, "free"))

    def other_opener(message: Any) -> None:
        message.send_assessed.window.opened_by = "wamid.invented"

    return edited(run, line, other_opener, line.found(4), run.about("ledger", line.message_id).found(4))


def _forged(run: Run, forge: Callable[[Any], None], *kinds: str) -> Doctored:
    """An entry says something else, and all that follow are chained to it anew."""
    line = first(run, "ledger", *kinds)
    records = run.partition_of(line)
    records[run.index(line)] = changed(line.record, forge)
    return written_again(run, chained_again(records), line.found(4))


def cause_forged(run: Run) -> Doctored:
    def other_cause(entry: Any) -> None:
        entry.cause.offset += 1

    return _forged(run, other_cause, "captured")


def reason_forged(run: Run) -> Doctored:
    def other_reason(entry: Any) -> None:
        entry.reason = "goodwill"

    return _forged(run, other_reason, "captured")


def currency_of_a_reservation_forged(run: Run) -> Doctored:
    def other_currency(entry: Any) -> None:
        entry.reserved.currency = "EUR"

    return _forged(run, other_currency, "authorized")


def evidence_added(run: Run) -> Doctored:
    def more_evidence(entry: Any) -> None:
        entry.evidence.append("wamid.invented")

    return _forged(run, more_evidence, "free")


CASES: tuple[Case, ...] = (
    charge_in_an_open_window,
    free_outside_the_window,
    price_too_low,
    evidence_edited_in_usage,
    cause_forged,
    reason_forged,
    currency_of_a_reservation_forged,
    evidence_added,
)
