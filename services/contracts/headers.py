"""Record headers: enough to account for a record whose value cannot be read."""

from functools import cache

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

Headers = list[tuple[str, bytes]]

TRACEPARENT = "traceparent"
SCHEMA = "parley-schema"
KIND = "parley-kind"
MESSAGE_ID = "parley-message-id"
CONVERSATION = "parley-conversation"


def headers_for(
    value: Message,
    kind: str,
    *,
    message_id: str = "",
    conversation: bytes = b"",
    traceparent: bytes | None = None,
) -> Headers:
    """Headers of a record: schema and kind always, the rest where there is one.

    ``kind`` is the name of the oneof member that is set, such as ``send_requested``. ``conversation`` is
    needed where the record key is not the conversation, so that a request can still be failed.
    ``traceparent`` comes last.
    """
    headers = [_schema(value.DESCRIPTOR), _kind(kind)]
    if message_id:
        headers.append((MESSAGE_ID, message_id.encode()))
    if conversation:
        headers.append((CONVERSATION, conversation))
    if traceparent:
        headers.append((TRACEPARENT, traceparent))
    return headers


@cache
def _schema(message: Descriptor) -> tuple[str, bytes]:
    return SCHEMA, message.full_name.encode()


@cache
def _kind(kind: str) -> tuple[str, bytes]:
    return KIND, kind.encode()


def header(headers: Headers, name: str) -> bytes | None:
    """The first header of that name, or None."""
    for key, value in headers:
        if key == name:
            return value
    return None
