"""Mark-as-read: a business has read a customer's message, and may show that it is typing."""

from typing import NamedTuple

from parley.settings.v1.settings_pb2 import PhoneNumber
from services.identity.message_id import Kind, MessageId, UnknownMessageId, open_message_id
from services.identity.platform_key import PlatformKey
from services.ingress.errors import invalid_parameter, missing_parameter, value_not_valid
from services.ingress.fields import Members, mapping, string
from services.ingress.send import require_whatsapp


class ReadMark(NamedTuple):
    """Which message was read."""

    message_id: str
    message: MessageId
    typing: bool


def is_read_mark(request: Members) -> bool:
    """Whether a request marks a message rather than sends one."""
    return request.get("status") is not None


def read_read_mark(request: Members, sender: PhoneNumber, key: PlatformKey) -> ReadMark:
    """Check a request to mark. Raises ``ApiError``; 100 for a message that this number never received."""
    require_whatsapp(request)
    if string(request, "status", "status") != "read":
        raise value_not_valid('status must be "read".')
    message_id = string(request, "message_id", "message_id")
    if not message_id:
        raise invalid_parameter("message_id is missing: name the customer's message.")
    typing = _typing(request)
    try:
        message = open_message_id(key, message_id)
    except UnknownMessageId:
        message = None
    if (
        message is None
        or message.kind is not Kind.INBOUND
        or message.business_id != sender.business_id
        or message.phone_number_id != sender.phone_number_id
    ):
        raise invalid_parameter("message_id is unknown: this phone number received no such message.")
    return ReadMark(message_id, message, typing)


def _typing(request: Members) -> bool:
    indicator = mapping(request, "typing_indicator", "typing_indicator")
    if indicator is None:
        return False
    kind = string(indicator, "type", "typing_indicator.type")
    if kind is None:
        raise missing_parameter("typing_indicator.type is missing.")
    if kind != "text":
        raise value_not_valid('typing_indicator.type must be "text".')
    return True
