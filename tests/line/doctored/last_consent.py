"""3. Nobody is written to against the last consent."""

from typing import Any

from services.contracts.catalogue import topic
from services.contracts.keys import customer_message_key
from services.contracts.placement import partition_of
from tests.line.doctored.choosing import first
from tests.line.doctoring import (
    Case,
    Doctored,
    Line,
    Run,
    all_of,
    changed,
    doubled,
    dropped,
    edited,
    moved,
    written_again,
)


def sent_after_a_stop(run: Run) -> Doctored:
    """A STOP is moved before the authorization of a message that was delivered before it."""
    stop, authorized = _stop_and_last_message_before(run)
    attempt = run.about("outbox", authorized.message_id, "attempt_emitted")
    return moved(run, stop, authorized, attempt.found(3))


def attempt_under_another_consent(run: Run) -> Doctored:
    line = first(run, "outbox", "attempt_emitted")

    def other_consent(message: Any) -> None:
        message.attempt_emitted.consent_id = "consent.0.999999"

    return edited(run, line, other_consent, line.found(3))


def attempt_for_a_refused_request(run: Run) -> Doctored:
    """Consent refused the request, and yet it was handed to the channel."""
    refused = first(run, "dispatch", "send_refused", where=lambda line: line.event.refusal.code == 131050)
    place = partition_of(topic("outbox"), customer_message_key(refused.event.facts.user_ref, ""))
    line = first(run, "outbox", "attempt_emitted", where=lambda each: each.record.partition == place)
    return _attempted_again(run, line, refused.message_id, refused.event.facts)


def attempt_made_again_after_a_stop(run: Run) -> Doctored:
    """The attempt of a message is copied behind its tombstone."""
    return doubled(run, first(run, "outbox", "attempt_emitted"), 3)


def attempt_made_again_where_compaction_took_the_first(run: Run) -> Doctored:
    """Only a copy of the attempt is left, without a tombstone; it has the old number and a later time."""
    stop, authorized = _stop_and_last_message_before(run)
    line = run.about("outbox", authorized.message_id, "attempt_emitted")
    records = [each for each in run.partition_of(line) if each.key != line.record.key]
    again = line.record._replace(timestamp_ms=stop.record.timestamp_ms + 1)
    records.append(again)
    return written_again(run, records, run.moved_to(line, len(records) - 1, 3))


def _attempted_again(run: Run, line: Line, message_id: str, facts: Any) -> Doctored:
    def other_message(message: Any) -> None:
        message.business_id = facts.business_id
        message.user_ref = facts.user_ref
        message.attempt_emitted.message_id = message_id

    again = changed(line.record, other_message)._replace(key=customer_message_key(facts.user_ref, message_id))
    records = [*run.partition_of(line), again]
    return written_again(run, records, run.behind(line, 3))


def refused_with_a_code_that_consent_does_not_have(run: Run) -> Doctored:
    line = first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    status = run.about("statuses", line.message_id, "failed")

    def other_code(message: Any) -> None:
        message.send_refused.refusal.code = 131031

    def same_code(message: Any) -> None:
        message.failed.refusal.code = 131031

    return all_of(edited(run, line, other_code, line.found(3)), edited(run, status, same_code))


def consent_dropped_from_the_record(run: Run) -> Doctored:
    line = first(run, "consents", "granted")
    sent = next(
        each
        for each in run.lines("dispatch", "consent_changed")
        if each.event.consent_id == line.event.consent_id
    )
    return dropped(run, line, sent.found(3))


def evidence_of_consent_edited(run: Run) -> Doctored:
    line = first(run, "consents", "granted")

    def other_evidence(message: Any) -> None:
        message.evidence = "wamid.invented"

    return edited(run, line, other_evidence, line.found(3))


def _stop_and_last_message_before(run: Run) -> tuple[Line, Line]:
    """A STOP in dispatch and, with nothing of the same conversation between, a message sent and delivered.

    Of all such pairs the nearest, so that little else changes its place when one is moved to the other.
    """
    pairs: list[tuple[Line, Line]] = []
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
            pairs.append((stop, before[-1]))
    return min(pairs, key=lambda pair: run.index(pair[0]) - run.index(pair[1]))


CASES: tuple[Case, ...] = (
    sent_after_a_stop,
    attempt_under_another_consent,
    attempt_for_a_refused_request,
    attempt_made_again_after_a_stop,
    attempt_made_again_where_compaction_took_the_first,
    refused_with_a_code_that_consent_does_not_have,
    consent_dropped_from_the_record,
    evidence_of_consent_edited,
)
