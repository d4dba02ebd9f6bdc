"""A dead letter as a new record for intake."""

from secrets import token_bytes

from google.protobuf.message import DecodeError

from parley.delivery.v1 import dispatch_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from services.admin.dead_letters import Letter
from services.admin.errors import Refused
from services.identity.message_id import UNIQUE_BYTES, Kind, MessageId
from services.identity.platform_key import PlatformKey
from services.ingress.intake import IntakeRecord, build_send_request

WITHOUT_CONTENT = "its content does not lie with it, so the business must send the message again"
REASONS = {
    "send_screened": WITHOUT_CONTENT,
    "send_assessed": WITHOUT_CONTENT,
    "receipt_received": "the customer's device confirms again by itself when it connects",
    "customer_was_offline": "the channel reports again by itself",
    "customer_connected": "the channel reports again by itself",
    "customer_message_read": "the business can mark the message as read again",
    "read_mark_requested": "the business can mark the message as read again",
    "ticked": "time passes by itself",
}
"""Why a kind of record is not replayed."""


def replayed(letter: Letter, key: PlatformKey, now_ms: int) -> IntakeRecord:
    """The message of a letter as a request that is accepted now, with an id of its own.

    Raises :class:`Refused` where the letter holds no message, in one sentence.
    """
    facts, envelope, content = _message_of(letter)
    replay = facts_pb2.SendFacts()
    replay.CopyFrom(facts)
    replay.message_id = MessageId(
        Kind.OUTBOUND, facts.business_id, facts.phone_number_id, facts.user_ref, token_bytes(UNIQUE_BYTES)
    ).seal(key)
    replay.accepted_at_ms = now_ms
    replay.expires_at_ms = now_ms + facts.expires_at_ms - facts.accepted_at_ms
    # Without the client's Idempotency-Key: that names the message that failed.
    return build_send_request(replay, envelope, content)


def _message_of(letter: Letter) -> tuple[facts_pb2.SendFacts, facts_pb2.Envelope, bytes]:
    kind, value = letter.record.kind, letter.record.value
    if kind in REASONS:
        raise Refused(f"{letter.id} cannot be replayed: {REASONS[kind]}.")
    if not value:
        raise Refused(f"{letter.id} cannot be replayed: it was too large to be kept.")
    try:
        if kind == "send_requested":
            request = intake_pb2.IntakeEvent.FromString(value).send_requested
            return request.facts, request.envelope, request.content
        if kind == "content_held":
            held = dispatch_pb2.DispatchEvent.FromString(value).content_held
            return held.facts, held.envelope, held.content
    except DecodeError:
        raise Refused(f"{letter.id} cannot be replayed: its value cannot be read.") from None
    raise Refused(f"{letter.id} cannot be replayed: a record of kind {kind or 'unknown'} is no message.")
