"""screened: what consent let pass, and the windows that follow from customers' messages."""

from parley.consent.v1 import screened_pb2
from services.contracts.keys import conversation_key
from services.verifier.customer_message import STILL
from services.verifier.facts import digest
from services.verifier.folds.intake import REPEATED_MS, check_order
from services.verifier.folds.reading import check_key, event_of, take_step
from services.verifier.known import Known
from services.verifier.records import LogRecord
from services.verifier.rules.windows import LENGTH_MS, NONE, REMEMBERED_MS, WindowTrack, first_message

_parse = screened_pb2.ScreenedEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    kind, event = event_of(_parse, record)
    if kind == "send_screened":
        _send(record, event, known)
    elif kind == "customer_message_screened":
        _customer_wrote(record, event, known)
    elif kind == "setting_changed":
        known.copies.add(event, record, known.cut_number)


def _send(record: LogRecord, event: screened_pb2.SendScreened, known: Known) -> None:
    facts = event.facts
    life = known.life(facts.message_id)
    if not take_step(life, "screened", record, known):
        return
    check_key(conversation_key(facts.business_id, facts.user_ref), record, facts.message_id, 1, known)
    life.conversation = record.key.decode()
    life.screened_consent_id = event.consent_id
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["screened"] = digest(facts)
    if life.requested is not None:
        conversation = known.conversation(record.key)
        check_order(conversation, life.requested, record.place, facts.accepted_at_ms, life.message_id, known)
    track = _track(record, facts.phone_number_id, known)
    if track is not None:
        life.window_due = track.evidence(facts.accepted_at_ms)
        life.window_partial = track.partial
    elif _all_in_view(record, facts.accepted_at_ms, known):
        life.window_due = NONE


def _customer_wrote(record: LogRecord, event: screened_pb2.CustomerMessageScreened, known: Known) -> None:
    message = known.customer_message(event.message_id)
    if (
        message.settled
        and known.stage_time_ms["screened", record.partition] >= message.received_at_ms + REPEATED_MS
    ):
        message.begin_anew()
    if message.screened is not None or message.settled:
        known.findings.violated(
            1, record.place, event.message_id, "screened has the customer's message twice."
        )
        return
    check_key(conversation_key(event.business_id, event.user_ref), record, event.message_id, 1, known)
    message.screened = record.place
    message.conversation = record.key.decode()
    message.screened_as = f"{event.phone_number_id} {event.sent_at_ms} {event.entry_point}"
    conversation = known.conversation(record.key)
    if message.received is not None:
        check_order(conversation, message.received, record.place, event.sent_at_ms, message.message_id, known)
    track, moves = _track(record, event.phone_number_id, known), True
    if track is not None:
        moves = track.wrote(event.message_id, event.sent_at_ms, event.entry_point)
    else:
        partial = not _all_in_view(record, event.sent_at_ms, known)
        track = conversation.windows[event.phone_number_id] = first_message(
            event.message_id, event.sent_at_ms, event.entry_point, partial
        )
    if not track.partial:
        message.moved = (
            window_words(event.phone_number_id, track.opened_by, track.opened_at_ms, track.closes_at_ms)
            if moves
            else STILL
        )


def window_words(phone_number_id: str, opened_by: str, opened_at_ms: int, closes_at_ms: int) -> str:
    """A window in words that both screened and windows lead to."""
    return f"{phone_number_id} {opened_by} {opened_at_ms} {closes_at_ms}"


def _track(record: LogRecord, phone_number_id: str, known: Known) -> WindowTrack | None:
    track = known.conversation(record.key).windows.get(phone_number_id)
    if track is None or track.forgotten(known.stage_time_ms[record.topic, record.partition]):
        return None
    return track


def _all_in_view(record: LogRecord, at_ms: int, known: Known) -> bool:
    """Whether every message that can still matter at that time has been seen."""
    return known.in_view.kept("screened", record.partition, at_ms - LENGTH_MS - REMEMBERED_MS)
