"""dispatch: what was permitted, authorized and refused, and the consent that held at each attempt."""

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from services.contracts.keys import conversation_key
from services.verifier.conversation import WAITING_MAX, ChangeSent, Conversation
from services.verifier.facts import digest
from services.verifier.folds.reading import check_key, event_of, take_step
from services.verifier.invariants.one_end import WITHOUT_LETTER
from services.verifier.known import Known
from services.verifier.life import MessageLife, Permit
from services.verifier.records import LogRecord

PERMITS_KEPT_MAX = 32
"""Newest attempts of a message whose consent is remembered, beside the first."""
_parse = dispatch_pb2.DispatchEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    kind, event = event_of(_parse, record)
    if kind == "content_held":
        _held(record, event.facts, known)
    elif kind == "send_authorized":
        _authorized(record, event, known)
    elif kind == "receipt_received":
        _received(record, event, known)
    elif kind == "send_refused":
        _refused(record, event, known)
    elif kind == "consent_changed":
        _consent_changed(record, event, known)
    elif kind == "customer_connected":
        _connected(record, known)
    elif kind == "send_failed":
        _given_up(record, event.message_id, known)
    elif kind == "setting_changed":
        known.copies.add(event, record, known.cut_number)


def _held(record: LogRecord, facts: facts_pb2.SendFacts, known: Known) -> None:
    life = known.life(facts.message_id)
    if take_step(life, "held", record, known):
        life.held_record_ms = record.timestamp_ms
        _take_facts(life, record, facts, known)


def _refused(record: LogRecord, event: dispatch_pb2.SendRefused, known: Known) -> None:
    life = known.life(event.message_id)
    if not take_step(life, "refused", record, known):
        return
    life.conversation = record.key.decode()
    life.refused_code = event.refusal.code
    life.refused_by_consent = event.HasField("facts")
    if life.refused_by_consent:
        _take_facts(life, record, event.facts, known)


def _take_facts(life: MessageLife, record: LogRecord, facts: facts_pb2.SendFacts, known: Known) -> None:
    check_key(conversation_key(facts.business_id, facts.user_ref), record, facts.message_id, 1, known)
    life.conversation = record.key.decode()
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["dispatch"] = digest(facts)


def _authorized(record: LogRecord, event: dispatch_pb2.SendAuthorized, known: Known) -> None:
    life = known.life(event.message_id)
    if not take_step(life, "authorized", record, known):
        return
    life.conversation = record.key.decode()
    life.billable = event.pricing.billable
    now_ms = _now_ms(record, known)
    if life.given_up or life.refused or _over(life.expires_at_ms, now_ms):
        return  # it ended before its authorization came
    conversation = known.conversation(record.key)
    if not _attempt_due(life, conversation, record, known):
        return
    waiting = conversation.waiting
    if len(waiting) >= WAITING_MAX:
        conversation.waiting = waiting = {
            name: expires_at_ms for name, expires_at_ms in waiting.items() if not _over(expires_at_ms, now_ms)
        }
    if len(waiting) < WAITING_MAX:
        waiting[event.message_id] = life.expires_at_ms


def _given_up(record: LogRecord, message_id: str, known: Known) -> None:
    life = known.life(message_id)
    life.failures += 1
    if not life.settled:
        life.conversation = record.key.decode()
        life.given_up = record.place
    elif life.failures > known.letters[message_id]:
        known.awaited.wait(f"letter/{message_id}", WITHOUT_LETTER, record.place, message_id, known.cut_number)
    known.conversation(record.key).waiting.pop(message_id, None)


def _consent_changed(record: LogRecord, event: dispatch_pb2.ConsentChanged, known: Known) -> None:
    conversation = known.conversation(record.key)
    conversation.consent_id = event.consent_id
    conversation.permits = event.consent == facts_pb2.CONSENT_GRANTED
    conversation.permits_known = True
    sent = ChangeSent(event.consent_id, event.consent, event.changed_at_ms, record.place)
    conversation.sent.append(sent)


def _received(record: LogRecord, event: dispatch_pb2.ReceiptReceived, known: Known) -> None:
    if not event.receipt:
        return  # it says neither delivered nor read: delivery sets it aside
    expires_at_ms = known.conversation(record.key).waiting.pop(event.message_id, None)
    waited = expires_at_ms is not None and not _over(expires_at_ms, _now_ms(record, known))
    read = event.receipt == dispatch_pb2.RECEIPT_READ
    life = known.lives.find(event.message_id) if waited or read else None
    if life is None:
        return
    if read:
        life.seen = True
        known.awaited.came(f"read/{life.message_id}")
    if waited and life.permits:
        life.touched = known.cut_number
        life.received, life.received_record_ms = record.place, record.timestamp_ms
        life.received_at_ms = event.received_at_ms
        newest = life.permits[life.permitted]
        life.received_under = newest.consent_id if newest.known else ""


def _connected(record: LogRecord, known: Known) -> None:
    """Every message that waits falls due again, under the consent of now, or ends by it."""
    conversation = known.conversation(record.key)
    now_ms = _now_ms(record, known)
    for message_id, expires_at_ms in list(conversation.waiting.items()):
        if _over(expires_at_ms, now_ms) or not _attempt_due(
            known.life(message_id), conversation, record, known
        ):
            del conversation.waiting[message_id]


def _attempt_due(life: MessageLife, conversation: Conversation, record: LogRecord, known: Known) -> bool:
    """Note the consent of now; False where it forbids the attempt, and so ends the message."""
    certain = conversation.permits_known or known.in_view.whole("dispatch", record.partition)
    number = life.permitted = life.permitted + 1
    life.permitted_at_ms = record.timestamp_ms
    life.permits[number] = Permit(conversation.consent_id, conversation.permits, certain, record.timestamp_ms)
    if number > PERMITS_KEPT_MAX:
        life.permits.pop(number - PERMITS_KEPT_MAX + 1, None)
    life.unsure = life.unsure or not certain
    return conversation.permits or not certain


def _over(expires_at_ms: int, now_ms: int) -> bool:
    """Whether a message has expired; one of which the content is missing has no known end."""
    return 0 < expires_at_ms <= now_ms


def _now_ms(record: LogRecord, known: Known) -> int:
    return known.stage_time_ms[record.topic, record.partition]
