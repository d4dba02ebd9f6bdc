from parley.catalog.v1 import topic_pb2 as _topic_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class WebhookDeferred(_message.Message):
    __slots__ = ("account_id", "body", "tries", "first_tried_at_ms", "due_at_ms", "error", "message_id")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    TRIES_FIELD_NUMBER: _ClassVar[int]
    FIRST_TRIED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    body: bytes
    tries: int
    first_tried_at_ms: int
    due_at_ms: int
    error: str
    message_id: str
    def __init__(self, account_id: _Optional[str] = ..., body: _Optional[bytes] = ..., tries: _Optional[int] = ..., first_tried_at_ms: _Optional[int] = ..., due_at_ms: _Optional[int] = ..., error: _Optional[str] = ..., message_id: _Optional[str] = ...) -> None: ...
