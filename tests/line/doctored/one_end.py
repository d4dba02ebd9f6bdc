"""1. Every accepted request, and everything that a customer wrote, has exactly one end."""

from typing import Any

from tests.line.doctored.choosing import ended, first, last_of_its_key
from tests.line.doctoring import (
    Case,
    Doctored,
    Line,
    Run,
    all_of,
    appended,
    chained_again,
    changed,
    doubled,
    dropped,
    edited,
    written_again,
)


def request_dropped_from_intake(run: Run) -> Doctored:
    line = first(run, "intake", "send_requested", where=ended(run, "captured"))
    repeats = [each for each in run.lines("intake", "send_requested") if each.message_id == line.message_id]
    gone = {each.record.offset for each in repeats}
    records = [record for record in run.partition_of(line) if record.offset not in gone]
    held = run.about("dispatch", line.message_id, "content_held")
    return written_again(run, records, held.found(1))


def request_dropped_from_screened(run: Run) -> Doctored:
    line = first(run, "screened", "send_screened", where=ended(run, "captured"))
    return dropped(run, line, run.about("dispatch", line.message_id, "content_held").found(1))


def request_doubled_in_screened(run: Run) -> Doctored:
    line = first(run, "screened", "send_screened", where=ended(run, "captured"))
    return doubled(run, line, 1)


def request_edited_in_screened(run: Run) -> Doctored:
    line = first(run, "screened", "send_screened", where=ended(run, "free"))

    def other_destination(message: Any) -> None:
        message.send_screened.facts.destination_prefix = "44"

    return edited(run, line, other_destination, line.found(1))


def content_dropped_from_dispatch(run: Run) -> Doctored:
    line = first(run, "dispatch", "content_held", where=ended(run, "captured"))
    return dropped(run, line, run.about("screened", line.message_id, "send_screened").found(1))


def end_of_a_refused_request_dropped(run: Run) -> Doctored:
    line = first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    return dropped(run, run.about("statuses", line.message_id, "failed"), line.found(1))


def end_of_an_expired_message_dropped(run: Run) -> Doctored:
    line = first(run, "statuses", "expired")
    return dropped(run, line, run.about("usage", line.message_id, "message_undelivered").found(1))


def expired_at_once(run: Run) -> Doctored:
    """All are told that a message expired a millisecond after its acceptance, the ledger too."""
    voided = first(
        run, "ledger", "voided", where=lambda line: run.has("statuses", line.message_id, "expired")
    )
    early_ms = voided.event.accepted_at_ms + 1
    status = run.about("statuses", voided.message_id, "expired")
    outcome = run.about("usage", voided.message_id, "message_undelivered")

    def entry_early(entry: Any) -> None:
        entry.recorded_at_ms = early_ms

    def status_early(event: Any) -> None:
        event.occurred_at_ms = early_ms

    def outcome_early(event: Any) -> None:
        event.message_undelivered.ended_at_ms = early_ms

    records = run.partition_of(voided)
    records[run.index(voided)] = changed(voided.record, entry_early)
    return all_of(
        written_again(run, chained_again(records)),
        edited(run, status, status_early, status.found(1)),
        edited(run, outcome, outcome_early, outcome.found(2)),
    )


def failure_of_a_refused_request(run: Run) -> Doctored:
    line = first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    return _given_up(run, line, line.message_id)


def failure_of_a_delivered_message(run: Run) -> Doctored:
    line = first(run, "dispatch", "content_held", where=ended(run, "captured"))
    return _given_up(run, line, line.message_id)


def failure_of_a_message_that_never_was(run: Run) -> Doctored:
    return _given_up(run, first(run, "dispatch", "content_held"), "wamid.invented")


def _given_up(run: Run, line: Line, message_id: str) -> Doctored:
    """A stage is said to have given a message up, and no dead letter says so."""

    def given_up(message: Any) -> None:
        message.send_failed.message_id = message_id

    return appended(run, line, given_up, 1)


def customer_message_missing_in_inbox(run: Run) -> Doctored:
    line = last_of_its_key(run, "inbox", "message_received")
    return dropped(run, line, run.about("screened", line.message_id, "customer_message_screened").found(1))


def preference_missing_in_inbox(run: Run) -> Doctored:
    line = first(run, "inbox", "preference_changed")
    return dropped(run, line, run.about("screened", line.message_id, "customer_message_screened").found(1))


def preference_turned_round(run: Run) -> Doctored:
    line = first(run, "inbox", "preference_changed")

    def other_word(message: Any) -> None:
        message.preference_changed.stopped = not message.preference_changed.stopped

    return edited(run, line, other_word, line.found(1))


def customer_message_shown_twice(run: Run) -> Doctored:
    return doubled(run, first(run, "inbox", "message_received"), 1)


CASES: tuple[Case, ...] = (
    request_dropped_from_intake,
    request_dropped_from_screened,
    request_doubled_in_screened,
    request_edited_in_screened,
    content_dropped_from_dispatch,
    end_of_a_refused_request_dropped,
    end_of_an_expired_message_dropped,
    expired_at_once,
    failure_of_a_refused_request,
    failure_of_a_delivered_message,
    failure_of_a_message_that_never_was,
    customer_message_missing_in_inbox,
    preference_missing_in_inbox,
    preference_turned_round,
    customer_message_shown_twice,
)
