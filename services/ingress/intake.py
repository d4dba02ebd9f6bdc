"""The one place that writes ``intake``: pure builders, and a thin writer for asynchronous processes.

Ingress, the channel workers and the operator's command all build their records here, so that a fact looks
the same whoever reports it. A builder has no clock and no network; the caller gives the time, in Unix
milliseconds.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from parley.intake.v1 import intake_pb2
from parley.intake.v1.intake_pb2 import IntakeEvent
from parley.message.v1.facts_pb2 import Envelope, SendFacts
from parley.settings.v1.settings_pb2 import PhoneNumber
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.identity.message_id import UNIQUE_BYTES, Kind, MessageId
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref
from services.ingress.keywords import keyword_of
from services.runtime.writes_records import WritesRecords

INTAKE = topic("intake")

Json = Mapping[str, Any]


class IntakeRecord(NamedTuple):
    """One record of ``intake``, ready to be written by any client."""

    key: bytes
    event: IntakeEvent
    kind: str
    """The oneof member that is set in ``event``."""
    message_id: str
    """Id of the message that the record is about; empty where it is about none."""


async def write_intake(writer: WritesRecords, record: IntakeRecord, traceparent: bytes | None = None) -> None:
    """Return once the broker has acknowledged the record. Raises as ``RecordWriter.write`` does."""
    await writer.write(
        INTAKE, record.key, record.event, record.kind, message_id=record.message_id, traceparent=traceparent
    )


def build_send_request(
    facts: SendFacts, envelope: Envelope, content: bytes, idempotency: intake_pb2.Idempotency | None = None
) -> IntakeRecord:
    """A business asked to send; ``content`` is the message as the Cloud API writes it, UTF-8 JSON."""
    request = intake_pb2.SendRequested(
        facts=facts, envelope=envelope, content=content, idempotency=idempotency
    )
    key = conversation_key(facts.business_id, facts.user_ref)
    return IntakeRecord(key, IntakeEvent(send_requested=request), "send_requested", facts.message_id)


def build_customer_message(
    platform_key: PlatformKey,
    to: PhoneNumber,
    customer_number: str,
    client_id: str,
    content: Json,
    sent_at_ms: int,
    *,
    context_message_id: str = "",
    referral: Json | None = None,
    profile_name: str = "",
) -> IntakeRecord:
    """A customer (canonical number) wrote to a number of a business.

    The id follows from customer, number and ``client_id``, so a repeat is the same message. A ``referral``
    (the Cloud API's object, of an ad or a page's button) makes it an entry point. A text that is a STOP or
    START word is marked. Raises ``ValueError`` when content or referral hold half a surrogate pair.
    """
    customer = user_ref(platform_key, customer_number)
    message_id = inbound_message_id(platform_key, to, customer_number, client_id)
    keyword, language = keyword_of(_text_of(content))
    received = intake_pb2.CustomerMessageReceived(
        message_id=message_id,
        business_id=to.business_id,
        account_id=to.account_id,
        phone_number_id=to.phone_number_id,
        user_ref=customer,
        envelope=Envelope(customer_number=customer_number, display_phone_number=to.display_phone_number),
        sent_at_ms=sent_at_ms,
        content=_utf8_json(content),
        context_message_id=context_message_id,
        referral_json=_utf8_json(referral) if referral else b"",
        profile_name=profile_name,
        keyword=keyword,
        keyword_language=language,
    )
    key = conversation_key(to.business_id, customer)
    event = IntakeEvent(customer_message_received=received)
    return IntakeRecord(key, event, "customer_message_received", message_id)


def inbound_message_id(
    platform_key: PlatformKey, to: PhoneNumber, customer_number: str, client_id: str
) -> str:
    """Id of a customer's message; the same for the same customer, number and ``client_id``."""
    unique = platform_key.digest(
        b"client-id", customer_number.encode(), to.phone_number_id.encode(), client_id.encode()
    )
    return MessageId(
        Kind.INBOUND,
        to.business_id,
        to.phone_number_id,
        user_ref(platform_key, customer_number),
        unique[:UNIQUE_BYTES],
    ).seal(platform_key)


def build_message_read(
    account_id: str, message: MessageId, message_id: str, read_at_ms: int, *, typing: bool = False
) -> IntakeRecord:
    """A business has read a customer's message (``message_id``, opened: ``message``), and all before it."""
    read = intake_pb2.CustomerMessageRead(
        message_id=message_id,
        phone_number_id=message.phone_number_id,
        user_ref=message.user_ref,
        read_at_ms=read_at_ms,
        typing=typing,
        account_id=account_id,
    )
    key = conversation_key(message.business_id, message.user_ref)
    return IntakeRecord(key, IntakeEvent(customer_message_read=read), "customer_message_read", message_id)


def build_customer_blocked(
    platform_key: PlatformKey, named: PhoneNumber, customer_number: str, blocked_at_ms: int
) -> IntakeRecord:
    """A customer blocked the business behind the number that was named, with all its numbers."""
    blocked = intake_pb2.CustomerBlocked(
        blocked_at_ms=blocked_at_ms, phone_number_id=named.phone_number_id, account_id=named.account_id
    )
    key = conversation_key(named.business_id, user_ref(platform_key, customer_number))
    return IntakeRecord(key, IntakeEvent(customer_blocked=blocked), "customer_blocked", "")


def build_customer_unblocked(
    platform_key: PlatformKey, named: PhoneNumber, customer_number: str, unblocked_at_ms: int
) -> IntakeRecord:
    """A customer took the block back."""
    unblocked = intake_pb2.CustomerUnblocked(
        unblocked_at_ms=unblocked_at_ms, phone_number_id=named.phone_number_id, account_id=named.account_id
    )
    key = conversation_key(named.business_id, user_ref(platform_key, customer_number))
    return IntakeRecord(key, IntakeEvent(customer_unblocked=unblocked), "customer_unblocked", "")


def build_opt_in(
    platform_key: PlatformKey,
    business_id: str,
    account_id: str,
    customer_number: str,
    recorded_at_ms: int,
    *,
    method: str,
    evidence: str,
) -> IntakeRecord:
    """An operator recorded that a customer agreed: how (``method``), and where the proof lies."""
    recorded = intake_pb2.OptInRecorded(
        recorded_at_ms=recorded_at_ms, method=method, evidence=evidence, account_id=account_id
    )
    key = conversation_key(business_id, user_ref(platform_key, customer_number))
    return IntakeRecord(key, IntakeEvent(opt_in_recorded=recorded), "opt_in_recorded", "")


def build_opt_out(
    platform_key: PlatformKey,
    business_id: str,
    account_id: str,
    customer_number: str,
    recorded_at_ms: int,
    *,
    method: str,
    evidence: str,
) -> IntakeRecord:
    """An operator recorded that a customer no longer agrees."""
    recorded = intake_pb2.OptOutRecorded(
        recorded_at_ms=recorded_at_ms, method=method, evidence=evidence, account_id=account_id
    )
    key = conversation_key(business_id, user_ref(platform_key, customer_number))
    return IntakeRecord(key, IntakeEvent(opt_out_recorded=recorded), "opt_out_recorded", "")


def _text_of(content: Json) -> str:
    text = content.get("text")
    body = text.get("body") if isinstance(text, Mapping) else None
    return body if isinstance(body, str) else ""


def _utf8_json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
