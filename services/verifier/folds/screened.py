"""screened: what consent let pass, and the windows that follow from customers' messages."""

from parley.consent.v1 import screened_pb2
from services.contracts.keys import conversation_key
from services.verifier.facts import digest
from services.verifier.known import Known
from services.verifier.records import LogRecord
from services.verifier.rules.windows import NONE, first_message

_parse = screened_pb2.ScreenedEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = _parse(record.value or b"")
    kind = event.WhichOneof("event")
    if kind == "send_screened":
        _send(record, event.send_screened, known)
    elif kind == "customer_message_screened":
        _customer_wrote(record, event.customer_message_screened, known)


def _send(record: LogRecord, event: screened_pb2.SendScreened, known: Known) -> None:
    facts = event.facts
    life = known.life(facts.message_id)
    if life.screened is not None:
        known.findings.violated(
            1, record.place, facts.message_id, f"screened has the message twice, first at {life.screened}."
        )
        return
    life.screened = record.place
    life.screened_consent_id = event.consent_id
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["screened"] = digest(facts)
    track = known.conversation(record.key).windows.get(facts.phone_number_id)
    if track is None or track.forgotten(known.stage_time_ms[record.topic, record.partition]):
        life.window_due = NONE
    else:
        life.window_due = track.evidence(facts.accepted_at_ms)
    life.window_known = True


def _customer_wrote(record: LogRecord, event: screened_pb2.CustomerMessageScreened, known: Known) -> None:
    if record.key != conversation_key(event.business_id, event.user_ref):
        known.findings.violated(
            4, record.place, event.message_id, "The customer's message lies under another conversation's key."
        )
        return
    windows = known.conversation(record.key).windows
    track = windows.get(event.phone_number_id)
    if track is None or track.forgotten(known.stage_time_ms[record.topic, record.partition]):
        windows[event.phone_number_id] = first_message(event.message_id, event.sent_at_ms, event.entry_point)
    else:
        track.wrote(event.message_id, event.sent_at_ms, event.entry_point)
