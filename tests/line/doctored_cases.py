"""One thing wrong in a real run, for each invariant, and exactly what must be found."""

from collections.abc import Callable, Mapping
from typing import Any

from services.contracts.catalogue import topic
from services.contracts.keys import customer_message_key
from services.contracts.placement import partition_of
from tests.line.doctoring import (
    Doctored,
    Found,
    Line,
    Run,
    all_of,
    appended,
    chained_again,
    changed,
    doubled,
    dropped,
    edited,
    moved,
    written_again,
)

DAY_MS = 24 * 3_600_000
NEVER_MS = 1 << 50
"""So late that it changes nothing in the run."""
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
    return written_again(run, records, held.found(1))


def request_dropped_from_screened(run: Run) -> Doctored:
    line = _first(run, "screened", "send_screened", where=_ended(run, "captured"))
    return dropped(run, line, run.about("dispatch", line.message_id, "content_held").found(1))


def request_doubled_in_screened(run: Run) -> Doctored:
    line = _first(run, "screened", "send_screened", where=_ended(run, "captured"))
    return doubled(run, line, 1)


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


def expired_at_once(run: Run) -> Doctored:
    """All are told that a message expired a millisecond after its acceptance, the ledger too."""
    voided = _first(
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
    line = _first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    return _given_up(run, line, line.message_id)


def failure_of_a_delivered_message(run: Run) -> Doctored:
    line = _first(run, "dispatch", "content_held", where=_ended(run, "captured"))
    return _given_up(run, line, line.message_id)


def failure_of_a_message_that_never_was(run: Run) -> Doctored:
    return _given_up(run, _first(run, "dispatch", "content_held"), "wamid.invented")


def _given_up(run: Run, line: Line, message_id: str) -> Doctored:
    """A stage is said to have given a message up, and no dead letter says so."""

    def given_up(message: Any) -> None:
        message.send_failed.message_id = message_id

    return appended(run, line, given_up, 1)


def status_in_another_partition(run: Run) -> Doctored:
    refused = _first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    return _misplaced(run, run.about("statuses", refused.message_id, "failed"), 6)


def customer_message_missing_in_inbox(run: Run) -> Doctored:
    line = _last_of_its_key(run, "inbox", "message_received")
    return dropped(run, line, run.about("screened", line.message_id, "customer_message_screened").found(1))


def preference_missing_in_inbox(run: Run) -> Doctored:
    line = _first(run, "inbox", "preference_changed")
    return dropped(run, line, run.about("screened", line.message_id, "customer_message_screened").found(1))


def preference_turned_round(run: Run) -> Doctored:
    line = _first(run, "inbox", "preference_changed")

    def other_word(message: Any) -> None:
        message.preference_changed.stopped = not message.preference_changed.stopped

    return edited(run, line, other_word, line.found(1))


def customer_message_shown_twice(run: Run) -> Doctored:
    return doubled(run, _first(run, "inbox", "message_received"), 1)


def _last_of_its_key(run: Run, name: str, *kinds: str) -> Line:
    return _first(run, name, *kinds, where=lambda line: not run.follows(line, same_key=True))


def _misplaced(run: Run, line: Line, invariant: int) -> Doctored:
    """A line lies in another partition, behind what is there."""
    name, partition = line.record.topic, line.record.partition
    other, there = next(
        (place[1], records)
        for place, records in run.topics.items()
        if place[0] == name and place[1] != partition and records
    )
    moved_there = line.record._replace(partition=other, offset=there[-1].offset + 1)
    shown = Found(invariant, line.record.topic, other, moved_there.offset)
    return all_of(
        dropped(run, line),
        written_again(run, [*there, moved_there], shown),
    )


# 2. Delivered means one captured or free, any other end neither.


def outcome_dropped_from_usage(run: Run) -> Doctored:
    line = _first(run, "usage", "message_delivered", where=_ended(run, "captured"))
    return dropped(run, line, run.about("statuses", line.message_id, "delivered", "read").found(2))


def outcome_doubled_in_usage(run: Run) -> Doctored:
    line = _first(run, "usage", "message_delivered", where=_ended(run, "captured"))
    return doubled(run, line, 2)


def capture_left_out_of_the_chain(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    records = run.partition_of(line)
    del records[run.index(line)]
    outcome = run.about("usage", line.message_id, "message_delivered")
    return written_again(run, chained_again(records), outcome.found(2))


def capture_made_a_void(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")

    def voided(entry: Any) -> None:
        entry.voided.SetInParent()
        entry.amount.micros = 0

    records = run.partition_of(line)
    records[run.index(line)] = changed(line.record, voided)
    return written_again(run, chained_again(records), line.found(2))


def captured_twice_in_the_chain(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    records = [*run.partition_of(line), line.record]
    return written_again(run, chained_again(records), run.behind(line, 2))


def receipt_dropped_from_dispatch(run: Run) -> Doctored:
    line = _first(run, "dispatch", "receipt_received", where=_ended(run, "captured"))
    gone = {
        each.record.offset
        for each in run.lines("dispatch", "receipt_received")
        if each.message_id == line.message_id
    }
    records = [record for record in run.partition_of(line) if record.offset not in gone]
    return written_again(run, records, run.about("usage", line.message_id, "message_delivered").found(2))


def delivered_told_as_failed(run: Run) -> Doctored:
    """The business and usage are told that a message failed, and it is voided; dispatch has its receipt."""
    captured = _first(
        run, "ledger", "captured", where=lambda line: not run.has("statuses", line.message_id, "read")
    )
    status = run.about("statuses", captured.message_id, "delivered")
    outcome = run.about("usage", captured.message_id, "message_delivered")
    receipt = run.about("dispatch", captured.message_id, "receipt_received")
    refusal = _first(run, "statuses", "failed").event.failed

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


def attempt_for_a_refused_request(run: Run) -> Doctored:
    """Consent refused the request, and yet it was handed to the channel."""
    refused = _first(run, "dispatch", "send_refused", where=lambda line: line.event.refusal.code == 131050)
    place = partition_of(topic("outbox"), customer_message_key(refused.event.facts.user_ref, ""))
    line = _first(run, "outbox", "attempt_emitted", where=lambda each: each.record.partition == place)
    return _attempted_again(run, line, refused.message_id, refused.event.facts)


def attempt_made_again_after_a_stop(run: Run) -> Doctored:
    """The attempt of a message is copied behind its tombstone."""
    return doubled(run, _first(run, "outbox", "attempt_emitted"), 3)


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
    line = _first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    status = run.about("statuses", line.message_id, "failed")

    def other_code(message: Any) -> None:
        message.send_refused.refusal.code = 131031

    def same_code(message: Any) -> None:
        message.failed.refusal.code = 131031

    return all_of(edited(run, line, other_code, line.found(3)), edited(run, status, same_code))


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


# 4. Free if and only if plan and evidence say so.


def charge_in_an_open_window(run: Run) -> Doctored:
    line = _first(run, "ledger", "free")
    billed = _first(run, "ledger", "authorized").event
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
    line = _first(run, "ledger", "captured")
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
    line = _first(run, "ledger", "captured")
    reservation = run.about("ledger", line.message_id, "authorized")

    def cheaper(entry: Any) -> None:
        entry.amount.micros += 1 if entry.amount.micros else 0
        entry.reserved.micros += 1 if entry.reserved.micros < 0 else -1

    records = run.partition_of(line)
    for each in (reservation, line):
        records[run.index(each)] = changed(each.record, cheaper)
    return written_again(run, chained_again(records), reservation.found(4), line.found(4))


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

    def another(message: Any) -> None:
        message.customer_message_screened.message_id = "wamid.invented"

    return appended(run, line, another, 4)


def request_behind_what_the_customer_wrote_later(run: Run) -> Doctored:
    """In screened the customer wrote before the request, as usage and the ledger have it; in intake after."""
    request, message, assessed = _request_and_message_after(run)
    free = run.about("ledger", request.message_id, "free")
    wrote = message.event

    def newer(window: Any) -> None:
        window.last_message_id = wrote.message_id
        window.last_message_at_ms = wrote.sent_at_ms
        window.closes_at_ms = wrote.sent_at_ms + DAY_MS

    def in_usage(event: Any) -> None:
        newer(event.send_assessed.window)

    def in_ledger(entry: Any) -> None:
        old = entry.window.last_message_id
        newer(entry.window)
        ids = [wrote.message_id, entry.window.opened_by, *(each for each in entry.evidence if each != old)]
        del entry.evidence[:]
        entry.evidence.extend(dict.fromkeys(ids))

    records = run.partition_of(free)
    records[run.index(free)] = changed(free.record, in_ledger)
    return all_of(
        moved(run, message, request, run.moved(request, 4, by=1)),
        edited(run, assessed, in_usage),
        written_again(run, chained_again(records)),
    )


def _request_and_message_after(run: Run) -> tuple[Line, Line, Line]:
    """A free request in screened, the customer's next message behind it in its window, and its fact."""
    for request in run.lines("screened", "send_screened"):
        if not run.has("ledger", request.message_id, "free") or not run.follows(request, same_key=True):
            continue
        message, assessed = run.after(request), run.about("usage", request.message_id, "send_assessed")
        window = assessed.event.window
        if (
            message.kind == "customer_message_screened"
            and message.event.phone_number_id == request.event.facts.phone_number_id
            and window.last_message_at_ms < message.event.sent_at_ms < window.closes_at_ms
        ):
            return request, message, assessed
    raise LookupError("in this run nobody writes after a free reply")


def plan_in_one_partition_only(run: Run) -> Doctored:
    """A cheaper plan is written to one partition of usage, and nobody has set it."""
    line = _first(
        run, "usage", "setting_changed", where=lambda line: line.event.key.startswith("price-plan/")
    )

    def cheaper(message: Any) -> None:
        message.setting_changed.version += 1
        message.setting_changed.effective_from_ms = NEVER_MS
        message.setting_changed.price_plan.version += 1

    return appended(run, line, cheaper, 4)


def plan_that_says_something_else_in_one_partition(run: Run) -> Doctored:
    line = _first(
        run, "usage", "setting_changed", where=lambda line: line.event.key.startswith("price-plan/")
    )

    def other_model(message: Any) -> None:
        message.setting_changed.price_plan.pricing_model = "PMP"

    return edited(run, line, other_model, line.found(4))


def plan_edited_in_settings(run: Run) -> Doctored:
    """Whoever reads `settings` sees another plan than rate-and-bill."""
    line = _first(run, "settings", "price_plan")

    def other_model(message: Any) -> None:
        message.price_plan.pricing_model = "PMP"

    return edited(run, line, other_model, line.found(4))


def plan_in_settings_only(run: Run) -> Doctored:
    line = _first(run, "settings", "price_plan")

    def newer(message: Any) -> None:
        message.version += 1
        message.effective_from_ms = NEVER_MS

    return appended(run, line, newer, 4)


def window_missing_in_windows(run: Run) -> Doctored:
    line = _first(
        run, "windows", "opened", "extended", where=lambda line: not run.follows(line, same_key=True)
    )
    wrote = run.about("screened", line.event.last_message_id, "customer_message_screened")
    return dropped(run, line, wrote.found(4))


def window_opened_by_another_message(run: Run) -> Doctored:
    line = _first(run, "windows", "extended")

    def other_opener(message: Any) -> None:
        message.opened_by = message.last_message_id

    return edited(run, line, other_opener, line.found(4))


def _forged(run: Run, forge: Callable[[Any], None], *kinds: str) -> Doctored:
    """An entry says something else, and all that follow are chained to it anew."""
    line = _first(run, "ledger", *kinds)
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


def _last_word(run: Run) -> Line:
    """A customer's message after which nothing of the conversation is screened, with others after it."""
    for line in run.lines("screened", "customer_message_screened"):
        records = run.partition_of(line)[run.index(line) + 1 :]
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
    return dropped(run, line, run.moved(run.after(line), 5, by=-1), outcome.found(2))


def entry_doubled(run: Run) -> Doctored:
    line = _first(run, "ledger", "captured")
    return doubled(run, line, 5)


def entry_edited(run: Run) -> Doctored:
    """What the entry says is wrong, and the next entry names another hash."""
    line = _first(run, "ledger", "captured")

    def other_reason(entry: Any) -> None:
        entry.reason = "goodwill"

    return edited(run, line, other_reason, line.found(4), run.after(line).found(5))


def currency_of_an_amount_forged(run: Run) -> Doctored:
    """The amount is nothing, in a currency of its own."""
    line = _first(run, "ledger", "free")

    def other_currency(entry: Any) -> None:
        entry.amount.currency = "EUR"

    records = run.partition_of(line)
    records[run.index(line)] = changed(line.record, other_currency)
    return written_again(run, chained_again(records), line.found(4), line.found(5))


def entry_in_another_partition(run: Run) -> Doctored:
    return _misplaced(run, _last_of_its_key(run, "ledger"), 5)


def entries_reordered(run: Run) -> Doctored:
    line = _first(run, "ledger", "free", "captured", where=lambda each: _follows_directly(run, each))
    follower = run.after(line)
    return moved(run, follower, line, line.found(5), follower.found(5))


def _follows_directly(run: Run, line: Line) -> bool:
    try:
        follower = run.after(line)
    except LookupError:
        return False
    return run.index(follower) == run.index(line) + 1 and follower.message_id != line.message_id


# 6. Statuses only move forward.


def status_doubled(run: Run) -> Doctored:
    line = _first(run, "statuses", "delivered", where=_ended(run, "captured"))
    return doubled(run, line, 6)


def statuses_reordered(run: Run) -> Doctored:
    line = _first(run, "statuses", "sent", where=_ended(run, "captured"))
    accepted = run.about("statuses", line.message_id, "accepted")
    # The first of the two is now `sent`; what follows it is where it went back.
    return moved(run, line, accepted, run.moved(accepted, 6, by=1))


def status_after_the_end(run: Run) -> Doctored:
    line = _first(run, "statuses", "failed")

    def sent(message: Any) -> None:
        message.sent.SetInParent()

    return appended(run, line, sent, 6)


def read_without_a_receipt(run: Run) -> Doctored:
    line = _first(
        run, "statuses", "delivered", where=lambda line: not run.has("statuses", line.message_id, "read")
    )

    def read(message: Any) -> None:
        message.read.SetInParent()

    return appended(run, line, read, 6)


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
        expired_at_once,
        failure_of_a_refused_request,
        failure_of_a_delivered_message,
        failure_of_a_message_that_never_was,
        status_in_another_partition,
        customer_message_missing_in_inbox,
        preference_missing_in_inbox,
        preference_turned_round,
        customer_message_shown_twice,
        delivered_told_as_failed,
        attempt_for_a_refused_request,
        attempt_made_again_after_a_stop,
        attempt_made_again_where_compaction_took_the_first,
        refused_with_a_code_that_consent_does_not_have,
        request_behind_what_the_customer_wrote_later,
        plan_in_one_partition_only,
        plan_that_says_something_else_in_one_partition,
        plan_edited_in_settings,
        plan_in_settings_only,
        window_missing_in_windows,
        window_opened_by_another_message,
        cause_forged,
        reason_forged,
        currency_of_a_reservation_forged,
        evidence_added,
        currency_of_an_amount_forged,
        entry_in_another_partition,
        read_without_a_receipt,
    )
}
