"""What delivery tells: statuses to the business, outcomes to rate-and-bill, attempts to the channel."""

from typing import Any

from google.protobuf.message import Message

from parley.billing.v1 import usage_pb2
from parley.delivery.v1 import delivery_row_pb2 as row_pb2
from parley.delivery.v1 import outbox_pb2, statuses_pb2
from parley.message.v1 import facts_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import business_key, customer_message_key
from services.delivery.conversation import Conversation
from services.delivery.rules import Ending
from services.runtime.record import Output, emit, tombstone

OUTBOX = topic("outbox")
STATUSES = topic("statuses")
USAGE = topic("usage")

_PRICED = ("sent", "delivered", "read")


def status(
    conversation: Conversation, message: row_pb2.DeliveryMessage, kind: str, event: Message, at_ms: int
) -> Output:
    """The message took a new stand at ``at_ms``; ``kind`` names ``event`` in StatusEvent.

    Pricing goes with what a message may cost: sent, delivered and read.
    """
    facts, envelope = message.held.facts, message.held.envelope
    message_id = facts.message_id
    varying: dict[str, Any] = {kind: event}
    if kind in _PRICED and message.HasField("pricing"):
        varying["pricing"] = message.pricing
    report = statuses_pb2.StatusEvent(
        message_id=message_id,
        business_id=facts.business_id,
        account_id=facts.account_id,
        phone_number_id=facts.phone_number_id,
        display_phone_number=envelope.display_phone_number,
        user_ref=facts.user_ref,
        customer_number=envelope.customer_number,
        occurred_at_ms=at_ms,
        callback_data=envelope.callback_data,
        **varying,
    )
    return emit(
        STATUSES, conversation.key, report, kind, message_id=message_id, traceparent=message.traceparent
    )


def failed(
    conversation: Conversation, message: row_pb2.DeliveryMessage, ending: Ending, at_ms: int
) -> Output:
    """The message was refused or failed."""
    event = statuses_pb2.MessageFailed(refusal=_refusal(ending))
    return status(conversation, message, "failed", event, at_ms)


def expired(
    conversation: Conversation, message: row_pb2.DeliveryMessage, ending: Ending, at_ms: int
) -> Output:
    """The message's time to live was over."""
    event = statuses_pb2.MessageLapsed(refusal=_refusal(ending))
    return status(conversation, message, "expired", event, at_ms)


def _refusal(ending: Ending) -> facts_pb2.Refusal:
    return facts_pb2.Refusal(code=ending.code, details=ending.details)


def delivered_outcome(
    conversation: Conversation, message: row_pb2.DeliveryMessage, at_ms: int, *, read: bool
) -> Output:
    """The first receipt came at ``at_ms``: what the message costs falls due."""
    message_id = message.held.facts.message_id
    outcome = usage_pb2.MessageDelivered(
        message_id=message_id, delivered_at_ms=at_ms, consent_id=message.consent_id, read=read
    )
    event = usage_pb2.UsageEvent(message_delivered=outcome)
    return _outcome(conversation, event, "message_delivered", message_id, message.traceparent)


def undelivered_outcome(
    conversation: Conversation,
    message_id: str,
    at_ms: int,
    *,
    code: int,
    expired: bool,
    traceparent: bytes = b"",
) -> Output:
    """The message ended at ``at_ms`` without a receipt: nothing falls due.

    ``traceparent`` is the message's; empty where it is the cause's.
    """
    outcome = usage_pb2.MessageUndelivered(
        message_id=message_id, ended_at_ms=at_ms, expired=expired, code=code
    )
    event = usage_pb2.UsageEvent(message_undelivered=outcome)
    return _outcome(conversation, event, "message_undelivered", message_id, traceparent)


def _outcome(
    conversation: Conversation, event: usage_pb2.UsageEvent, kind: str, message_id: str, traceparent: bytes
) -> Output:
    business_id, _ = conversation.business_and_customer
    return emit(
        USAGE,
        business_key(business_id),
        event,
        kind,
        message_id=message_id,
        conversation=conversation.key,
        traceparent=traceparent,
    )


def attempt(conversation: Conversation, message: row_pb2.DeliveryMessage, connection: str) -> Output:
    """The channel is to show the message: its newest attempt, under the consent it names.

    ``connection`` names the customer's connection that brought the attempt about; empty for the first.
    """
    facts, envelope = message.held.facts, message.held.envelope
    message_id = facts.message_id
    event = outbox_pb2.OutboxEvent(
        business_id=facts.business_id,
        account_id=facts.account_id,
        phone_number_id=facts.phone_number_id,
        user_ref=facts.user_ref,
        connection=connection,
        attempt_emitted=outbox_pb2.AttemptEmitted(
            message_id=message_id,
            attempt=message.attempts,
            consent_id=message.consent_id,
            customer_number=envelope.customer_number,
            display_phone_number=envelope.display_phone_number,
            content=message.held.content,
            accepted_at_ms=facts.accepted_at_ms,
        ),
    )
    return _outbox(conversation, event, "attempt_emitted", message_id, message.traceparent)


def signal(conversation: Conversation, name: str, waiting: row_pb2.DeliverySignal, connection: str) -> Output:
    """The channel is to show a notice or read mark called ``name``."""
    business_id, user_ref = conversation.business_and_customer
    event = outbox_pb2.OutboxEvent(
        business_id=business_id,
        phone_number_id=waiting.phone_number_id,
        user_ref=user_ref,
        connection=connection,
    )
    if waiting.HasField("notice"):
        event.notice_emitted.notice_id = name
        event.notice_emitted.text = waiting.notice.text
        event.notice_emitted.attempt = waiting.attempts
        return _outbox(conversation, event, "notice_emitted", name, waiting.traceparent)
    event.read_mark_emitted.mark_id = name
    event.read_mark_emitted.message_id = waiting.read_mark.message_id
    event.read_mark_emitted.typing = waiting.read_mark.typing
    event.read_mark_emitted.attempt = waiting.attempts
    return _outbox(conversation, event, "read_mark_emitted", name, waiting.traceparent)


def _outbox(
    conversation: Conversation, event: outbox_pb2.OutboxEvent, kind: str, name: str, traceparent: bytes
) -> Output:
    _, user_ref = conversation.business_and_customer
    return emit(
        OUTBOX,
        customer_message_key(user_ref, name),
        event,
        kind,
        message_id=name,
        conversation=conversation.key,
        traceparent=traceparent,
    )


def ended(conversation: Conversation, name: str, traceparent: bytes) -> Output:
    """Nothing of that name waits for the customer any more."""
    _, user_ref = conversation.business_and_customer
    return tombstone(OUTBOX, customer_message_key(user_ref, name), traceparent)
