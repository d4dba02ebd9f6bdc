"""dispatch: what was permitted, authorized and refused, and the consent that held at each attempt."""

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from services.verifier.conversation import WAITING_MAX, Conversation
from services.verifier.facts import digest
from services.verifier.known import Known
from services.verifier.life import MessageLife, Permit
from services.verifier.records import LogRecord

PERMITS_KEPT_MAX = 32
"""Newest attempts of a message whose consent is remembered."""
_parse = dispatch_pb2.DispatchEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = _parse(record.value or b"")
    kind = event.WhichOneof("event")
    if kind == "content_held":
        _held(record, event.content_held, known)
    elif kind == "send_authorized":
        _authorized(record, event.send_authorized, known)
    elif kind == "receipt_received":
        _received(record, event.receipt_received.message_id, known)
    elif kind == "consent_changed":
        _consent_changed(record, event.consent_changed, known)
    elif kind == "customer_connected":
        _connected(record, known)
    elif kind == "send_refused":
        _refused(record, event.send_refused, known)
    elif kind == "send_failed":
        _given_up(record, event.send_failed.message_id, known)


def _held(record: LogRecord, event: dispatch_pb2.ContentHeld, known: Known) -> None:
    facts = event.facts
    life = known.life(facts.message_id)
    if life.held is not None:
        _twice(record, facts.message_id, f"dispatch holds the content twice, first at {life.held}.", known)
        return
    life.held = record.place
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["dispatch"] = digest(facts)


def _authorized(record: LogRecord, event: dispatch_pb2.SendAuthorized, known: Known) -> None:
    life = known.life(event.message_id)
    if life.authorized is not None:
        _twice(
            record, event.message_id, f"dispatch has it authorized twice, first at {life.authorized}.", known
        )
        return
    life.authorized = record.place
    life.billable = event.pricing.billable
    conversation = known.conversation(record.key)
    life.first_permit = _permit(conversation)
    life.permits[1] = life.first_permit
    if conversation.permits and len(conversation.waiting) < WAITING_MAX:
        conversation.waiting[event.message_id] = life.expires_at_ms


def _refused(record: LogRecord, event: dispatch_pb2.SendRefused, known: Known) -> None:
    life = known.life(event.message_id)
    if life.refused is not None:
        _twice(record, event.message_id, f"dispatch has it refused twice, first at {life.refused}.", known)
        return
    life.refused = record.place
    life.refused_code = event.refusal.code
    life.refused_by_consent = event.HasField("facts")
    if life.refused_by_consent:
        life.accepted_at_ms = event.facts.accepted_at_ms
        life.expires_at_ms = event.facts.expires_at_ms
        life.facts["dispatch"] = digest(event.facts)


def _given_up(record: LogRecord, message_id: str, known: Known) -> None:
    known.life(message_id).given_up = record.place
    known.conversation(record.key).waiting.pop(message_id, None)


def _consent_changed(record: LogRecord, event: dispatch_pb2.ConsentChanged, known: Known) -> None:
    conversation = known.conversation(record.key)
    conversation.consent_id = event.consent_id
    conversation.permits = event.consent == facts_pb2.CONSENT_GRANTED
    conversation.consent_seen = True


def _received(record: LogRecord, message_id: str, known: Known) -> None:
    conversation = known.conversation(record.key)
    if conversation.waiting.pop(message_id, None) is not None:
        life = known.life(message_id)
        life.received, life.received_ms = record.place, record.timestamp_ms
        life.received_under = life.permits[max(life.permits)].consent_id


def _connected(record: LogRecord, known: Known) -> None:
    """Every message that waits falls due again, under the consent of now."""
    conversation = known.conversation(record.key)
    now_ms = known.stage_time_ms[record.topic, record.partition]
    for message_id, expires_at_ms in list(conversation.waiting.items()):
        if expires_at_ms <= now_ms:
            del conversation.waiting[message_id]
            continue
        _attempt_due(known.life(message_id), conversation)
        if not conversation.permits:
            del conversation.waiting[message_id]


def _attempt_due(life: MessageLife, conversation: Conversation) -> None:
    life.permits[max(life.permits, default=0) + 1] = _permit(conversation)
    if len(life.permits) > PERMITS_KEPT_MAX:
        del life.permits[min(life.permits)]


def _permit(conversation: Conversation) -> Permit:
    return Permit(conversation.consent_id, conversation.permits, conversation.consent_seen)


def _twice(record: LogRecord, message_id: str, sentence: str, known: Known) -> None:
    known.findings.violated(1, record.place, message_id, sentence)
