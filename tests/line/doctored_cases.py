"""One thing wrong in a real run, for each invariant, and exactly what must be found."""

from collections.abc import Callable, Mapping
from typing import Any

from services.runtime.record import Record
from tests.line.doctoring import (
    Doctored,
    Found,
    Line,
    Run,
    chained_again,
    changed,
    doubled,
    dropped,
    edited,
    moved,
    written_again,
)

Case = Callable[[Run], Doctored]


def _first(run: Run, name: str, *kinds: str, where: Callable[[Line], bool] = lambda _: True) -> Line:
    return next(line for line in run.lines(name, *kinds) if where(line))


def _ended(run: Run, kind: str) -> Callable[[Line], bool]:
    """Whether the ledger closed the message by an entry of this kind."""
    return lambda line: run.has("ledger", line.message_id, kind)


# 1. Every accepted request has exactly one end.


def request_dropped_from_intake(run: Run) -> Doctored:
    line = _first(run, "intake", "send_requested", where=_ended(run, "captured"))
    repeats = [each for each in run.lines("intake", "send_requested") if each.message_id == line.message_id]
    gone = {each.record.offset for each in repeats}
    records = [record for record in run.partition_of(line) if record.offset not in gone]
    held = run.about("dispatch", line.message_id, "content_held")
    return written_again(records, held.found(1))


def request_dropped_from_screened(run: Run) -> Doctored:
    line = _first(run, "screened", "send_screened", where=_ended(run, "captured"))
    return dropped(run, line, run.about("dispatch", line.message_id, "content_held").found(1))


def request_doubled_in_screened(run: Run) -> Doctored:
    line = _first(run, "screened", "send_screened", where=_ended(run, "captured"))
    records = run.partition_of(line)
    return doubled(run, line, Found(1, "screened", line.record.partition, len(records)))


def request_edited_in_screened(run: Run) -> Doctored:
    line = _first(run, "screened", "send_screened", where=_ended(run, "free"))

    def other_destination(message: Any) -> None:
        message.send_screened.facts.destination_prefix = "44"

    return edited(run, line, other_destination, line.found(1))


def content_dropped_from_dispatch(run: Run) -> Doctored:
    line = _first(run, "dispatch", "content_held", where=_ended(run, "captured"))
    return dropped(run, line, run.about("screened", line.message_id, "send_screened").found(1))


def end_of_a_refused_request_dropped(run: Run) -> Doctored:
    line = _first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    return dropped(run, run.about("statuses", line.message_id, "failed"), line.found(1))


def end_of_an_expired_message_dropped(run: Run) -> Doctored:
    line = _first(run, "statuses", "expired")
    return dropped(run, line, run.about("usage", line.message_id, "message_undelivered").found(1))


# 2. Delivered means one captured or free, any other end neither.


def outcome_dropped_from_usage(run: Run) -> Doctored:
    line = _first(run, "usage", "message_delivered", where=_ended(run, "captured"))
    return dropped(run, line, run.about("statuses", line.message_id, "delivered", "read").found(2))


def outcome_doubled_in_usage(run: Run) -> Doctored:
    line = _first(run, "usage", "message_delivered", where=_ended(run, "captured"))
    return doubled(run, line, Found(2, "usage", line.record.partition, len(run.partition_of(line))))


def capture_left_out_of_the_chain(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    records = run.partition_of(line)
    del records[line.record.offset]
    outcome = run.about("usage", line.message_id, "message_delivered")
    return written_again(chained_again(records), outcome.found(2))


def capture_made_a_void(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")

    def voided(entry: Any) -> None:
        entry.voided.SetInParent()
        entry.amount.micros = 0

    records = run.partition_of(line)
    records[line.record.offset] = changed(line.record, voided)
    return written_again(chained_again(records), line.found(2))


def captured_twice_in_the_chain(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    records = [*run.partition_of(line), line.record]
    return written_again(chained_again(records), Found(2, "ledger", line.record.partition, len(records) - 1))


def receipt_dropped_from_dispatch(run: Run) -> Doctored:
    line = _first(run, "dispatch", "receipt_received", where=_ended(run, "captured"))
    gone = {
        each.record.offset
        for each in run.lines("dispatch", "receipt_received")
        if each.message_id == line.message_id
    }
    records = [record for record in run.partition_of(line) if record.offset not in gone]
    return written_again(records, run.about("usage", line.message_id, "message_delivered").found(2))


# 3. Nobody is written to against the last consent.


def sent_after_a_stop(run: Run) -> Doctored:
    """A STOP is moved before the authorization of a message that was delivered before it."""
    stop, authorized = _stop_and_last_message_before(run)
    attempt = run.about("outbox", authorized.message_id, "attempt_emitted")
    return moved(run, stop, authorized, attempt.found(3))


def attempt_under_another_consent(run: Run) -> Doctored:
    line = _first(run, "outbox", "attempt_emitted")

    def other_consent(message: Any) -> None:
        message.attempt_emitted.consent_id = "consent.0.999999"

    return edited(run, line, other_consent, line.found(3))


def consent_dropped_from_the_record(run: Run) -> Doctored:
    line = _first(run, "consents", "granted")
    sent = next(
        each
        for each in run.lines("dispatch", "consent_changed")
        if each.event.consent_id == line.event.consent_id
    )
    return dropped(run, line, sent.found(3))


def evidence_of_consent_edited(run: Run) -> Doctored:
    line = _first(run, "consents", "granted")

    def other_evidence(message: Any) -> None:
        message.evidence = "wamid.invented"

    return edited(run, line, other_evidence, line.found(3))


def _stop_and_last_message_before(run: Run) -> tuple[Line, Line]:
    """A STOP in dispatch and, with nothing of the same conversation between, a message sent and delivered."""
    for stop in run.lines("dispatch", "consent_changed"):
        before = [
            line
            for line in run.lines("dispatch", "consent_changed", "send_authorized", "customer_connected")
            if line.record.key == stop.record.key and line.record.offset < stop.record.offset
        ]
        if (
            stop.event.consent != 1
            and before
            and before[-1].kind == "send_authorized"
            and run.has("usage", before[-1].message_id, "message_delivered")
        ):
            return stop, before[-1]
    raise LookupError("the run has no STOP after a message")


# 4. Free if and only if plan and evidence say so.


def charge_in_an_open_window(run: Run) -> Doctored:
    line = _first(run, "ledger", "free")
    billed = _first(run, "ledger", "authorized").event

    def authorized(entry: Any) -> None:
        entry.authorized.SetInParent()
        entry.reserved.CopyFrom(billed.reserved)
        entry.recorded_at_ms = entry.accepted_at_ms

    def captured(entry: Any) -> None:
        entry.captured.SetInParent()
        entry.amount.micros = -billed.reserved.micros
        entry.reserved.CopyFrom(billed.reserved)
        entry.reserved.micros = -billed.reserved.micros

    records = run.partition_of(line)
    records[line.record.offset : line.record.offset + 1] = [
        changed(line.record, authorized),
        changed(line.record, captured),
    ]
    return written_again(chained_again(records), line.found(4), line.found(4, moved=1))


def free_outside_the_window(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    reservation = run.about("ledger", line.message_id, "authorized")

    def free(entry: Any) -> None:
        entry.free.SetInParent()
        entry.amount.micros = 0
        entry.ClearField("reserved")

    records = run.partition_of(line)
    records[line.record.offset] = changed(line.record, free)
    del records[reservation.record.offset]
    return written_again(chained_again(records), line.found(4, moved=-1))


def price_too_low(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    reservation = run.about("ledger", line.message_id, "authorized")

    def cheaper(entry: Any) -> None:
        entry.amount.micros += 1 if entry.amount.micros else 0
        entry.reserved.micros += 1 if entry.reserved.micros < 0 else -1

    records = run.partition_of(line)
    for each in (reservation, line):
        records[each.record.offset] = changed(each.record, cheaper)
    return written_again(chained_again(records), reservation.found(4), line.found(4))


def evidence_edited_in_usage(run: Run) -> Doctored:
    line = _first(run, "usage", "send_assessed", where=_ended(run, "free"))

    def other_opener(message: Any) -> None:
        message.send_assessed.window.opened_by = "wamid.invented"

    return edited(run, line, other_opener, line.found(4), run.about("ledger", line.message_id).found(4))


def customer_message_dropped_from_screened(run: Run) -> Doctored:
    line = _last_word(run)
    return dropped(run, line, run.about("intake", line.message_id, "customer_message_received").found(4))


def customer_message_invented_in_screened(run: Run) -> Doctored:
    line = _last_word(run)
    records = run.partition_of(line)

    def another(message: Any) -> None:
        message.customer_message_screened.message_id = "wamid.invented"

    records.append(changed(line.record, another))
    return written_again(records, Found(4, "screened", line.record.partition, len(records) - 1))


def _last_word(run: Run) -> Line:
    """A customer's message after which nothing of the conversation is screened, with others after it."""
    for line in run.lines("screened", "customer_message_screened"):
        records = run.partition_of(line)[line.record.offset + 1 :]
        if records and all(each.key != line.record.key for each in records) and _passed(run, line):
            return line
    raise LookupError("in this run every customer's message is answered")


def _passed(run: Run, line: Line) -> bool:
    """Whether intake has something later in the partition that was certainly judged."""
    return any(
        each.record.partition == line.record.partition and each.record.timestamp_ms > line.record.timestamp_ms
        for each in run.lines("screened", "send_screened")
    )


# 5. Ledgers are numbered, chained and summed.


def entry_dropped(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    outcome = run.about("usage", line.message_id, "message_delivered")
    return dropped(run, line, run.after(line).found(5, moved=-1), outcome.found(2))


def entry_doubled(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    return doubled(run, line, Found(5, "ledger", line.record.partition, len(run.partition_of(line))))


def entry_edited(run: Run) -> Doctored:
    """The reason has no other witness than the chain: the next entry names another hash."""
    line = _first(run, "ledger", "captured")

    def other_reason(entry: Any) -> None:
        entry.reason = "goodwill"

    return edited(run, line, other_reason, run.after(line).found(5))


def entries_reordered(run: Run) -> Doctored:
    line = _first(run, "ledger", "free", "captured", where=lambda each: _follows_directly(run, each))
    follower = run.after(line)
    return moved(run, follower, line, line.found(5), follower.found(5))


def _follows_directly(run: Run, line: Line) -> bool:
    try:
        follower = run.after(line)
    except LookupError:
        return False
    return follower.record.offset == line.record.offset + 1 and follower.message_id != line.message_id


# 6. Statuses only move forward.


def status_doubled(run: Run) -> Doctored:
    line = _first(run, "statuses", "delivered", where=_ended(run, "captured"))
    return doubled(run, line, Found(6, "statuses", line.record.partition, len(run.partition_of(line))))


def statuses_reordered(run: Run) -> Doctored:
    line = _first(run, "statuses", "sent", where=_ended(run, "captured"))
    accepted = run.about("statuses", line.message_id, "accepted")
    # The first of the two is now `sent`; what follows it is where it went back.
    return moved(run, line, accepted, accepted.found(6, moved=1))


def status_after_the_end(run: Run) -> Doctored:
    line = _first(run, "statuses", "failed")

    def sent(message: Any) -> None:
        message.sent.SetInParent()

    records: list[Record] = [*run.partition_of(line), changed(line.record, sent)]
    return written_again(records, Found(6, "statuses", line.record.partition, len(records) - 1))


CASES: Mapping[str, Case] = {
    case.__name__: case
    for case in (
        request_dropped_from_intake,
        request_dropped_from_screened,
        request_doubled_in_screened,
        request_edited_in_screened,
        content_dropped_from_dispatch,
        end_of_a_refused_request_dropped,
        end_of_an_expired_message_dropped,
        outcome_dropped_from_usage,
        outcome_doubled_in_usage,
        capture_left_out_of_the_chain,
        capture_made_a_void,
        captured_twice_in_the_chain,
        receipt_dropped_from_dispatch,
        sent_after_a_stop,
        attempt_under_another_consent,
        consent_dropped_from_the_record,
        evidence_of_consent_edited,
        charge_in_an_open_window,
        free_outside_the_window,
        price_too_low,
        evidence_edited_in_usage,
        customer_message_dropped_from_screened,
        customer_message_invented_in_screened,
        entry_dropped,
        entry_doubled,
        entry_edited,
        entries_reordered,
        status_doubled,
        statuses_reordered,
        status_after_the_end,
    )
}
