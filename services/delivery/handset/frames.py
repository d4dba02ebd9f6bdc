"""The frames of the handset channel: read from a device, and written for one. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from parley.delivery.v1 import dispatch_pb2, outbox_pb2
from services.delivery.handset.errors import FrameRefused
from services.delivery.handset.limits import (
    CLIENT_ID_CHARACTERS_MAX,
    PROFILE_NAME_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    TIMESTAMP_DIGITS_READ,
    TIMESTAMP_SECONDS_MAX,
)
from services.identity.message_id import TEXT_MAX
from services.ingress.decode import decode_json
from services.ingress.errors import ApiError

_RECEIPTS = {"delivered": dispatch_pb2.RECEIPT_DELIVERED, "read": dispatch_pb2.RECEIPT_READ}
_MEDIA_TYPES = frozenset({"image", "audio", "video", "document", "sticker"})
_OBJECT_TYPES = _MEDIA_TYPES | {"text", "location", "reaction", "interactive", "button", "order"}
_LIST_TYPES = frozenset({"contacts"})


@dataclass(frozen=True, slots=True)
class Ack:
    """The device confirms a message."""

    message_id: str
    receipt: dispatch_pb2.Receipt
    kind: ClassVar[str] = "ack"


@dataclass(frozen=True, slots=True)
class Writing:
    """The customer writes to a number of a business."""

    client_id: str
    to: str
    content: dict[str, Any]
    """The content's type and the member of that name, nothing else."""
    context_message_id: str
    referral: dict[str, Any] | None
    timestamp: int | None
    """Unix seconds, where the device dates its message."""
    profile_name: str
    kind: ClassVar[str] = "message"


@dataclass(frozen=True, slots=True)
class Blocking:
    """The customer blocks or unblocks the business behind a number."""

    phone_number_id: str
    blocks: bool
    kind: ClassVar[str] = "block"


Frame = Ack | Writing | Blocking


def read_frame(text: str) -> Frame:
    """What a device says. Raises :class:`FrameRefused`."""
    value = read_object(text)
    kind = value.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise FrameRefused("type must be one of ack, message, block and unblock.", echo_of(value))
    try:
        return reader(value)
    except FrameRefused as refused:
        raise FrameRefused(refused.reason, echo_of(value)) from None


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that a frame is. Raises :class:`FrameRefused`."""
    try:
        value = decode_json(text, "The frame")
    except ApiError as error:
        raise FrameRefused(error.details) from None
    if not isinstance(value, dict):
        raise FrameRefused("The frame must be a JSON object.")
    return value


def echo_of(value: Mapping[str, Any]) -> dict[str, str]:
    """What of a frame goes back with an error: its client_id or id, where readable."""
    return {
        name: value[name]
        for name in ("client_id", "id")
        if isinstance(value.get(name), str) and len(value[name]) <= CLIENT_ID_CHARACTERS_MAX
    }


def _read_ack(value: dict[str, Any]) -> Ack:
    message_id = _text(value, "id", TEXT_MAX)
    status = value.get("status")
    receipt = _RECEIPTS.get(status) if isinstance(status, str) else None
    if receipt is None:
        raise FrameRefused("status must be delivered or read.")
    return Ack(message_id, receipt)


def _read_writing(value: dict[str, Any]) -> Writing:
    return Writing(
        client_id=_text(value, "client_id", CLIENT_ID_CHARACTERS_MAX),
        to=_text(value, "to", CLIENT_ID_CHARACTERS_MAX),
        content=_content(value.get("content")),
        context_message_id=_context(value.get("context")),
        referral=_referral(value.get("referral")),
        timestamp=_timestamp(value.get("timestamp")),
        profile_name=_profile_name(value.get("profile")),
    )


def _read_block(value: dict[str, Any]) -> Blocking:
    return Blocking(_text(value, "phone_number_id", CLIENT_ID_CHARACTERS_MAX), value["type"] == "block")


_READERS: dict[str, Callable[[dict[str, Any]], Frame]] = {
    "ack": _read_ack,
    "message": _read_writing,
    "block": _read_block,
    "unblock": _read_block,
}


def _text(value: dict[str, Any], name: str, characters_max: int) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= characters_max:
        raise FrameRefused(f"{name} must be a text of 1 to {characters_max} characters.")
    return text


def _content(content: Any) -> dict[str, Any]:
    kind = content.get("type") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in _OBJECT_TYPES | _LIST_TYPES:
        raise FrameRefused("content must be an object whose type is one of the Cloud API's, such as text.")
    member: Any = content.get(kind)
    if not isinstance(member, list if kind in _LIST_TYPES else dict):
        raise FrameRefused(f"content.{kind} is missing or of the wrong type.")
    if isinstance(member, dict) and kind == "text":
        _text(member, "body", TEXT_CHARACTERS_MAX)
    return {"type": kind, kind: member}


def _context(context: Any) -> str:
    if context is None:
        return ""
    if not isinstance(context, dict):
        raise FrameRefused("context must be an object with message_id.")
    return _text(context, "message_id", TEXT_MAX)


def _referral(referral: Any) -> dict[str, Any] | None:
    if referral is None or isinstance(referral, dict):
        return referral
    raise FrameRefused("referral must be an object.")


def _timestamp(timestamp: Any) -> int | None:
    if timestamp is None:
        return None
    if isinstance(timestamp, str) and timestamp.isascii() and timestamp.isdigit():
        timestamp = int(timestamp[:TIMESTAMP_DIGITS_READ])
    if type(timestamp) is not int or not 0 < timestamp <= TIMESTAMP_SECONDS_MAX:
        raise FrameRefused("timestamp must be whole Unix seconds.")
    return timestamp


def _profile_name(profile: Any) -> str:
    name = profile.get("name") if isinstance(profile, dict) else None
    return name[:PROFILE_NAME_CHARACTERS_MAX] if isinstance(name, str) else ""


def show(event: outbox_pb2.OutboxEvent) -> str:
    """The frame that shows a message, notice or read mark to the customer."""
    match event.WhichOneof("event"):
        case "attempt_emitted":
            return _message(event, event.attempt_emitted)
        case "notice_emitted":
            text = event.notice_emitted.text
            return _json({"type": "notice", "phone_number_id": event.phone_number_id, "text": text})
        case _:
            message_id = event.read_mark_emitted.message_id
            return _json({"type": "status", "id": message_id, "status": "read"})


def _message(event: outbox_pb2.OutboxEvent, attempt: outbox_pb2.AttemptEmitted) -> str:
    head = _json(
        {
            "type": "message",
            "id": attempt.message_id,
            "from": attempt.display_phone_number,
            "phone_number_id": event.phone_number_id,
            "account_id": event.account_id,
            "timestamp": str(attempt.accepted_at_ms // 1000),
        }
    )
    # The content is JSON already, as ingress wrote it.
    return f'{head[:-1]},"content":{attempt.content.decode()}}}'


def accepted(client_id: str, message_id: str, sent_at_ms: int) -> str:
    """The customer's message lies on Kafka."""
    return _json(
        {
            "type": "accepted",
            "client_id": client_id,
            "id": message_id,
            "timestamp": str(sent_at_ms // 1000),
        }
    )


def blocking_done(done: Blocking) -> str:
    """The block, or its end, lies on Kafka."""
    kind = "blocked" if done.blocks else "unblocked"
    return _json({"type": kind, "phone_number_id": done.phone_number_id})


def refused(reason: str, echo: Mapping[str, str]) -> str:
    """A frame had no effect."""
    return _json({"type": "error", "reason": reason, **echo})


def _json(value: dict[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
