from parley.catalog.v1 import topic_pb2 as _topic_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OutboxEvent(_message.Message):
    __slots__ = ("business_id", "account_id", "phone_number_id", "user_ref", "connection", "attempt_emitted", "notice_emitted", "read_mark_emitted")
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_EMITTED_FIELD_NUMBER: _ClassVar[int]
    NOTICE_EMITTED_FIELD_NUMBER: _ClassVar[int]
    READ_MARK_EMITTED_FIELD_NUMBER: _ClassVar[int]
    business_id: str
    account_id: str
    phone_number_id: str
    user_ref: str
    connection: str
    attempt_emitted: AttemptEmitted
    notice_emitted: NoticeEmitted
    read_mark_emitted: ReadMarkEmitted
    def __init__(self, business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., connection: _Optional[str] = ..., attempt_emitted: _Optional[_Union[AttemptEmitted, _Mapping]] = ..., notice_emitted: _Optional[_Union[NoticeEmitted, _Mapping]] = ..., read_mark_emitted: _Optional[_Union[ReadMarkEmitted, _Mapping]] = ...) -> None: ...

class AttemptEmitted(_message.Message):
    __slots__ = ("message_id", "attempt", "consent_id", "customer_number", "display_phone_number", "content", "accepted_at_ms")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    attempt: int
    consent_id: str
    customer_number: str
    display_phone_number: str
    content: bytes
    accepted_at_ms: int
    def __init__(self, message_id: _Optional[str] = ..., attempt: _Optional[int] = ..., consent_id: _Optional[str] = ..., customer_number: _Optional[str] = ..., display_phone_number: _Optional[str] = ..., content: _Optional[bytes] = ..., accepted_at_ms: _Optional[int] = ...) -> None: ...

class NoticeEmitted(_message.Message):
    __slots__ = ("notice_id", "text", "attempt")
    NOTICE_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    notice_id: str
    text: str
    attempt: int
    def __init__(self, notice_id: _Optional[str] = ..., text: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class ReadMarkEmitted(_message.Message):
    __slots__ = ("mark_id", "message_id", "typing", "attempt")
    MARK_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TYPING_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    mark_id: str
    message_id: str
    typing: bool
    attempt: int
    def __init__(self, mark_id: _Optional[str] = ..., message_id: _Optional[str] = ..., typing: _Optional[bool] = ..., attempt: _Optional[int] = ...) -> None: ...
