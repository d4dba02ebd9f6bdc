"""2. Delivered means one captured or free, any other end neither."""

from typing import Any

from tests.line.doctored.choosing import ended, first
from tests.line.doctoring import (
    Case,
    Doctored,
    Run,
    all_of,
    chained_again,
    changed,
    doubled,
    dropped,
    edited,
    written_again,
)


def outcome_dropped_from_usage(run: Run) -> Doctored:
    line = first(run, "usage", "message_delivered", where=ended(run, "captured"))
    return dropped(run, line, run.about("statuses", line.message_id, "delivered", "read").found(2))


def outcome_doubled_in_usage(run: Run) -> Doctored:
    line = first(run, "usage", "message_delivered", where=ended(run, "captured"))
    return doubled(run, line, 2)


def capture_left_out_of_the_chain(run: Run) -> Doctored:
    line = first(run, "ledger", "captured")
    records = run.partition_of(line)
    del records[run.index(line)]
    outcome = run.about("usage", line.message_id, "message_delivered")
    return written_again(run, chained_again(records), outcome.found(2))


def capture_made_a_void(run: Run) -> Doctored:
    line = first(run, "ledger", "captured")

    def voided(entry: Any) -> None:
        entry.voided.SetInParent()
        entry.amount.micros = 0

    records = run.partition_of(line)
    records[run.index(line)] = changed(line.record, voided)
    return written_again(run, chained_again(records), line.found(2))


def captured_twice_in_the_chain(run: Run) -> Doctored:
    line = first(run, "ledger", "captured")
    records = [*run.partition_of(line), line.record]
    return written_again(run, chained_again(records), run.behind(line, 2))


def receipt_dropped_from_dispatch(run: Run) -> Doctored:
    line = first(run, "dispatch", "receipt_received", where=ended(run, "captured"))
    gone = {
        each.record.offset
        for each in run.lines("dispatch", "receipt_received")
        if each.message_id == line.message_id
    }
    records = [record for record in run.partition_of(line) if record.offset not in gone]
    return written_again(run, records, run.about("usage", line.message_id, "message_delivered").found(2))


def delivered_told_as_failed(run: Run) -> Doctored:
    """The business and usage are told that a message failed, and it is voided; dispatch has its receipt."""
    captured = first(
        run, "ledger", "captured", where=lambda line: not run.has("statuses", line.message_id, "read")
    )
    status = run.about("statuses", captured.message_id, "delivered")
    outcome = run.about("usage", captured.message_id, "message_delivered")
    receipt = run.about("dispatch", captured.message_id, "receipt_received")
    refusal = first(run, "statuses", "failed").event.failed

    def failed(event: Any) -> None:
        event.failed.CopyFrom(refusal)

    def undelivered(event: Any) -> None:
        ended_at_ms = event.message_delivered.delivered_at_ms
        event.message_undelivered.message_id = captured.message_id
        event.message_undelivered.ended_at_ms = ended_at_ms

    def voided(entry: Any) -> None:
        entry.voided.SetInParent()
        entry.amount.micros = 0
        entry.reason = "not_delivered"
        del entry.evidence[:]
        entry.evidence.extend(run.about("ledger", captured.message_id, "authorized").event.evidence)

    records = run.partition_of(captured)
    records[run.index(captured)] = changed(captured.record, voided)
    return all_of(
        written_again(run, chained_again(records)),
        edited(run, status, failed),
        edited(run, outcome, undelivered, receipt.found(2)),
    )


CASES: tuple[Case, ...] = (
    outcome_dropped_from_usage,
    outcome_doubled_in_usage,
    capture_left_out_of_the_chain,
    capture_made_a_void,
    captured_twice_in_the_chain,
    receipt_dropped_from_dispatch,
    delivered_told_as_failed,
)
