"""intake: which requests were accepted, what customers wrote, and what consent held for each."""

from parley.intake.v1 import intake_pb2
from services.contracts.keys import conversation_key
from services.verifier.conversation import Conversation
from services.verifier.facts import digest
from services.verifier.folds import consent_due
from services.verifier.folds.reading import check_key, event_of
from services.verifier.known import Known
from services.verifier.records import LogRecord, Place
from services.verifier.rules import consent

REPEATED_MS = 7 * 24 * 3_600_000
"""How long a customer's message is known again (interfaces: a repeated client_id, seven days)."""
_parse = intake_pb2.IntakeEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    kind, event = event_of(_parse, record)
    if kind == "send_requested":
        _requested(record, event, known)
    elif kind == "customer_message_received":
        _received(record, event, known)
    elif kind == "customer_blocked":
        consent_due.blocked(_conversation(record, known), record, event.blocked_at_ms)
    elif kind == "customer_unblocked":
        consent_due.unblocked(_conversation(record, known), record, event.unblocked_at_ms)
    elif kind == "opt_in_recorded":
        consent_due.recorded(_conversation(record, known), record, event, consent.GRANTED)
    elif kind == "opt_out_recorded":
        consent_due.recorded(_conversation(record, known), record, event, consent.STOPPED)
    elif kind == "setting_changed":
        known.copies.add(event, record, known.cut_number)


def _requested(record: LogRecord, event: intake_pb2.SendRequested, known: Known) -> None:
    facts = event.facts
    life = known.life(facts.message_id)
    if life.requested is not None or life.settled:
        return  # the client repeated its request: it is one
    check_key(conversation_key(facts.business_id, facts.user_ref), record, facts.message_id, 1, known)
    known.findings.messages += 1
    life.requested = record.place
    life.conversation = record.key.decode()
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["intake"] = digest(facts)
    life.keyed = event.HasField("idempotency")
    conversation = _conversation(record, known)
    life.objection = conversation.standing.objection()
    if life.screened is not None:
        check_order(conversation, life.requested, life.screened, facts.accepted_at_ms, life.message_id, known)


def _received(record: LogRecord, event: intake_pb2.CustomerMessageReceived, known: Known) -> None:
    message = known.customer_message(event.message_id)
    if message.received is not None or message.settled:
        if known.stage_time_ms[record.topic, record.partition] < message.received_at_ms + REPEATED_MS:
            return  # a handset repeated its message
        message.begin_anew()
    check_key(conversation_key(event.business_id, event.user_ref), record, event.message_id, 1, known)
    conversation = _conversation(record, known)
    standing = conversation.standing
    message.received, message.received_at_ms = record.place, record.timestamp_ms
    message.conversation = conversation.conversation
    message.said = f"{event.phone_number_id} {event.sent_at_ms} {bool(event.referral_json)}"
    message.passes, message.passes_known = standing.blocked == 0, standing.blocked != consent.UNKNOWN
    message.word = event.keyword
    if message.screened is not None:
        check_order(
            conversation, message.received, message.screened, event.sent_at_ms, message.message_id, known
        )
    consent_due.wrote(conversation, record, event.message_id, event.keyword)


def check_order(
    conversation: Conversation, intake: Place, screened: Place, at_ms: int, subject: str, known: Known
) -> None:
    """What a conversation has in screened lies there in the order of intake."""
    if not known.in_view.kept("intake", intake.partition, at_ms):
        return  # an earlier copy of it may have been deleted
    late = conversation.order.meet(intake.offset, screened.offset)
    if late is not None:
        place = screened._replace(offset=late)
        sentence = "It lies behind what the conversation has later in intake: what a window rests on changes."
        known.findings.violated(4, place, subject, sentence)


def _conversation(record: LogRecord, known: Known) -> Conversation:
    conversation = known.conversation(record.key)
    if not conversation.begun:
        conversation.begun = True
        if not known.in_view.whole("intake", record.partition):
            conversation.standing.consent = conversation.standing.blocked = consent.UNKNOWN
    return conversation
