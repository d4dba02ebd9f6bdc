from parley.catalog.v1 import topic_pb2 as _topic_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InboxEvent(_message.Message):
    __slots__ = ("business_id", "account_id", "phone_number_id", "display_phone_number", "user_ref", "customer_number", "profile_name", "message_received", "preference_changed")
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PROFILE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    business_id: str
    account_id: str
    phone_number_id: str
    display_phone_number: str
    user_ref: str
    customer_number: str
    profile_name: str
    message_received: MessageReceived
    preference_changed: PreferenceChanged
    def __init__(self, business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., display_phone_number: _Optional[str] = ..., user_ref: _Optional[str] = ..., customer_number: _Optional[str] = ..., profile_name: _Optional[str] = ..., message_received: _Optional[_Union[MessageReceived, _Mapping]] = ..., preference_changed: _Optional[_Union[PreferenceChanged, _Mapping]] = ...) -> None: ...

class MessageReceived(_message.Message):
    __slots__ = ("message_id", "sent_at_ms", "content", "context_message_id", "referral_json")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REFERRAL_JSON_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    sent_at_ms: int
    content: bytes
    context_message_id: str
    referral_json: bytes
    def __init__(self, message_id: _Optional[str] = ..., sent_at_ms: _Optional[int] = ..., content: _Optional[bytes] = ..., context_message_id: _Optional[str] = ..., referral_json: _Optional[bytes] = ...) -> None: ...

class PreferenceChanged(_message.Message):
    __slots__ = ("changed_at_ms", "stopped", "message_id")
    CHANGED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    changed_at_ms: int
    stopped: bool
    message_id: str
    def __init__(self, changed_at_ms: _Optional[int] = ..., stopped: _Optional[bool] = ..., message_id: _Optional[str] = ...) -> None: ...
