"""The changes of consent that follow from intake, in its order."""

from parley.intake.v1 import intake_pb2
from services.verifier.conversation import ChangeDue, Conversation
from services.verifier.records import LogRecord
from services.verifier.rules import consent

OptRecorded = intake_pb2.OptInRecorded | intake_pb2.OptOutRecorded


def wrote(
    conversation: Conversation, record: LogRecord, message_id: str, keyword: intake_pb2.Keyword
) -> None:
    """The customer wrote: an ordinary message, or a STOP or START word."""
    standing, certain = conversation.standing, _certain(conversation)
    if keyword == intake_pb2.KEYWORD_STOP:
        if standing.consent == consent.STOPPED:
            return
        kind, value, method = "stopped", consent.STOPPED, "keyword"
    elif keyword == intake_pb2.KEYWORD_START:
        if not consent.start_grants(standing):
            return
        kind, value, method = "granted", consent.GRANTED, "keyword"
    else:
        if not consent.message_grants(standing):
            return
        kind, value, method = "granted", consent.GRANTED, "customer_wrote"
    if value == consent.STOPPED or certain:
        standing.set(value, method, message_id)
    words = what(kind, record.timestamp_ms, method, message_id)
    _due(conversation, record, record.timestamp_ms, words, certain=certain)


def blocked(conversation: Conversation, record: LogRecord, at_ms: int) -> None:
    """The customer blocked the business."""
    _set_blocked(conversation, record, at_ms, 1)


def unblocked(conversation: Conversation, record: LogRecord, at_ms: int) -> None:
    """The customer took the block back."""
    _set_blocked(conversation, record, at_ms, 0)


def recorded(conversation: Conversation, record: LogRecord, event: OptRecorded, value: int) -> None:
    """An operator recorded an opt-in or an opt-out."""
    standing, certain = conversation.standing, _certain(conversation)
    if not consent.record_changes(standing, value, event.method, event.evidence):
        return
    standing.set(value, event.method, event.evidence)
    kind = "granted" if value == consent.GRANTED else "stopped"
    words = what(kind, event.recorded_at_ms, event.method, event.evidence)
    _due(conversation, record, event.recorded_at_ms, words, certain=certain)


def what(kind: str, at_ms: int, method: str, evidence: str) -> str:
    """A change in words that both intake and consents lead to."""
    return f"{kind} at {at_ms} by {method}, {evidence or 'no evidence'}"


def _set_blocked(conversation: Conversation, record: LogRecord, at_ms: int, value: int) -> None:
    standing, certain = conversation.standing, _certain(conversation)
    if standing.blocked == value:
        return
    standing.blocked = value
    standing.method, standing.evidence = ("block" if value else "unblock"), ""
    words = what("blocked" if value else "unblocked", at_ms, standing.method, "")
    _due(conversation, record, at_ms, words, certain=certain)


def _certain(conversation: Conversation) -> bool:
    return consent.UNKNOWN not in (conversation.standing.consent, conversation.standing.blocked)


def _due(conversation: Conversation, record: LogRecord, at_ms: int, words: str, *, certain: bool) -> None:
    change = ChangeDue(words, conversation.standing.in_force, certain, at_ms, record.place)
    conversation.due.append(change)
