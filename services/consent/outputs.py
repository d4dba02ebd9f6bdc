"""The records that consent writes, each built in one place; all lie under the key of their conversation."""

from typing import Any

from parley.consent.v1 import consents_pb2, screened_pb2
from parley.delivery.v1 import dispatch_pb2
from parley.inbox.v1 import inbox_pb2
from parley.intake.v1 import intake_pb2
from services.consent.notices import confirmation
from services.consent.refusal import Refusal
from services.consent.rules import Change, Consent, Happened, Word
from services.contracts.catalogue import topic
from services.contracts.keys import split_conversation
from services.runtime.record import Cause, Output, emit

_CONSENTS = topic("consents")
_DISPATCH = topic("dispatch")
_INBOX = topic("inbox")
_SCREENED = topic("screened")
_HAPPENED: dict[Happened, dict[str, Any]] = {
    Happened.GRANTED: {"granted": consents_pb2.ConsentGranted()},
    Happened.STOPPED: {"stopped": consents_pb2.ConsentStopped()},
    Happened.BLOCKED: {"blocked": consents_pb2.BusinessBlocked()},
    Happened.UNBLOCKED: {"unblocked": consents_pb2.BusinessUnblocked()},
}


def request_permitted(event: intake_pb2.SendRequested, consent_id: str, cause: Cause) -> list[Output]:
    """The facts take the line; the content waits at delivery for its authorization."""
    message_id = event.facts.message_id
    screened = screened_pb2.ScreenedEvent()
    screened.send_screened.facts.CopyFrom(event.facts)
    screened.send_screened.consent_id = consent_id
    dispatch = dispatch_pb2.DispatchEvent()
    held = dispatch.content_held
    held.facts.CopyFrom(event.facts)
    held.envelope.CopyFrom(event.envelope)
    held.content = event.content
    return [
        emit(_SCREENED, cause.key, screened, "send_screened", message_id=message_id),
        emit(_DISPATCH, cause.key, dispatch, "content_held", message_id=message_id),
    ]


def request_refused(event: intake_pb2.SendRequested, refusal: Refusal, cause: Cause) -> list[Output]:
    """Delivery reports the refusal to the business; nothing goes down the line."""
    facts = event.facts
    dispatch = dispatch_pb2.DispatchEvent()
    refused = dispatch.send_refused
    refused.message_id = facts.message_id
    refused.refusal.code, refused.refusal.details = refusal
    refused.facts.CopyFrom(facts)
    refused.envelope.CopyFrom(event.envelope)
    refused.refused_at_ms = facts.accepted_at_ms
    return [emit(_DISPATCH, cause.key, dispatch, "send_refused", message_id=facts.message_id)]


def message_passed(event: intake_pb2.CustomerMessageReceived, cause: Cause) -> list[Output]:
    """The facts take the line to the window; the content goes straight to the business."""
    screened = screened_pb2.ScreenedEvent()
    message = screened.customer_message_screened
    message.message_id = event.message_id
    message.business_id = event.business_id
    message.account_id = event.account_id
    message.phone_number_id = event.phone_number_id
    message.user_ref = event.user_ref
    message.sent_at_ms = event.sent_at_ms
    message.entry_point = bool(event.referral_json)
    inbox = _inbox_event(event)
    received = inbox.message_received
    received.message_id = event.message_id
    received.sent_at_ms = event.sent_at_ms
    received.content = event.content
    received.context_message_id = event.context_message_id
    received.referral_json = event.referral_json
    return [
        emit(_SCREENED, cause.key, screened, "customer_message_screened", message_id=event.message_id),
        emit(_INBOX, cause.key, inbox, "message_received", message_id=event.message_id),
    ]


def word_confirmed(event: intake_pb2.CustomerMessageReceived, cause: Cause) -> list[Output]:
    """The business learns what the customer prefers; the customer reads that it has been heard."""
    word = Word(event.keyword)
    inbox = _inbox_event(event)
    preference = inbox.preference_changed
    preference.changed_at_ms = cause.timestamp_ms
    preference.stopped = word == Word.STOP
    preference.message_id = event.message_id
    notice = dispatch_pb2.NoticeRequested(
        notice_id=cause.derived_id("notice"),
        phone_number_id=event.phone_number_id,
        text=confirmation(word, event.keyword_language),
        requested_at_ms=cause.timestamp_ms,
    )
    dispatch = dispatch_pb2.DispatchEvent(notice_requested=notice)
    return [
        emit(_INBOX, cause.key, inbox, "preference_changed", message_id=event.message_id),
        emit(_DISPATCH, cause.key, dispatch, "notice_requested", message_id=event.message_id),
    ]


def message_read(event: intake_pb2.CustomerMessageRead, cause: Cause) -> list[Output]:
    """The customer's phone is to show that the business has read the message."""
    mark = dispatch_pb2.ReadMarkRequested(
        message_id=event.message_id,
        phone_number_id=event.phone_number_id,
        read_at_ms=event.read_at_ms,
        typing=event.typing,
    )
    dispatch = dispatch_pb2.DispatchEvent(read_mark_requested=mark)
    return [emit(_DISPATCH, cause.key, dispatch, "read_mark_requested", message_id=event.message_id)]


def consent_changed(
    change: Change,
    in_force: Consent,
    changed_at_ms: int,
    cause: Cause,
    *,
    account_id: str,
    message_id: str = "",
) -> list[Output]:
    """The change for the record, with its proof, and what holds now for delivery."""
    business_id, user_ref = split_conversation(cause.key)
    member = _HAPPENED[change.happened]
    recorded = consents_pb2.ConsentEvent(
        consent_id=cause.derived_id("consent"),
        business_id=business_id,
        user_ref=user_ref,
        changed_at_ms=changed_at_ms,
        method=change.method,
        evidence=change.evidence,
        account_id=account_id,
        **member,
    )
    now = dispatch_pb2.ConsentChanged(
        consent_id=recorded.consent_id,
        consent=in_force,  # type: ignore[arg-type]
        changed_at_ms=changed_at_ms,
    )
    dispatch = dispatch_pb2.DispatchEvent(consent_changed=now)
    return [
        emit(_CONSENTS, cause.key, recorded, next(iter(member)), message_id=message_id),
        emit(_DISPATCH, cause.key, dispatch, "consent_changed", message_id=message_id),
    ]


def _inbox_event(event: intake_pb2.CustomerMessageReceived) -> inbox_pb2.InboxEvent:
    inbox = inbox_pb2.InboxEvent()
    inbox.business_id = event.business_id
    inbox.account_id = event.account_id
    inbox.phone_number_id = event.phone_number_id
    inbox.display_phone_number = event.envelope.display_phone_number
    inbox.user_ref = event.user_ref
    inbox.customer_number = event.envelope.customer_number
    inbox.profile_name = event.profile_name
    return inbox
