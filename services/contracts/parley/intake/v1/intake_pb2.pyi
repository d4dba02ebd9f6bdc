from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from parley.runtime.v1 import runtime_pb2 as _runtime_pb2
from parley.settings.v1 import settings_pb2 as _settings_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Keyword(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEYWORD_UNSPECIFIED: _ClassVar[Keyword]
    KEYWORD_STOP: _ClassVar[Keyword]
    KEYWORD_START: _ClassVar[Keyword]
KEYWORD_UNSPECIFIED: Keyword
KEYWORD_STOP: Keyword
KEYWORD_START: Keyword

class IntakeEvent(_message.Message):
    __slots__ = ("send_requested", "customer_message_received", "customer_message_read", "customer_blocked", "customer_unblocked", "opt_in_recorded", "opt_out_recorded", "setting_changed", "ticked")
    SEND_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_MESSAGE_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_MESSAGE_READ_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_BLOCKED_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_UNBLOCKED_FIELD_NUMBER: _ClassVar[int]
    OPT_IN_RECORDED_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_RECORDED_FIELD_NUMBER: _ClassVar[int]
    SETTING_CHANGED_FIELD_NUMBER: _ClassVar[int]
    TICKED_FIELD_NUMBER: _ClassVar[int]
    send_requested: SendRequested
    customer_message_received: CustomerMessageReceived
    customer_message_read: CustomerMessageRead
    customer_blocked: CustomerBlocked
    customer_unblocked: CustomerUnblocked
    opt_in_recorded: OptInRecorded
    opt_out_recorded: OptOutRecorded
    setting_changed: _settings_pb2.SettingChanged
    ticked: _runtime_pb2.Ticked
    def __init__(self, send_requested: _Optional[_Union[SendRequested, _Mapping]] = ..., customer_message_received: _Optional[_Union[CustomerMessageReceived, _Mapping]] = ..., customer_message_read: _Optional[_Union[CustomerMessageRead, _Mapping]] = ..., customer_blocked: _Optional[_Union[CustomerBlocked, _Mapping]] = ..., customer_unblocked: _Optional[_Union[CustomerUnblocked, _Mapping]] = ..., opt_in_recorded: _Optional[_Union[OptInRecorded, _Mapping]] = ..., opt_out_recorded: _Optional[_Union[OptOutRecorded, _Mapping]] = ..., setting_changed: _Optional[_Union[_settings_pb2.SettingChanged, _Mapping]] = ..., ticked: _Optional[_Union[_runtime_pb2.Ticked, _Mapping]] = ...) -> None: ...

class SendRequested(_message.Message):
    __slots__ = ("facts", "envelope", "content", "idempotency")
    FACTS_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_FIELD_NUMBER: _ClassVar[int]
    facts: _facts_pb2.SendFacts
    envelope: _facts_pb2.Envelope
    content: bytes
    idempotency: Idempotency
    def __init__(self, facts: _Optional[_Union[_facts_pb2.SendFacts, _Mapping]] = ..., envelope: _Optional[_Union[_facts_pb2.Envelope, _Mapping]] = ..., content: _Optional[bytes] = ..., idempotency: _Optional[_Union[Idempotency, _Mapping]] = ...) -> None: ...

class Idempotency(_message.Message):
    __slots__ = ("key_digest", "body_digest")
    KEY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    BODY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    key_digest: bytes
    body_digest: bytes
    def __init__(self, key_digest: _Optional[bytes] = ..., body_digest: _Optional[bytes] = ...) -> None: ...

class CustomerMessageReceived(_message.Message):
    __slots__ = ("message_id", "business_id", "account_id", "phone_number_id", "user_ref", "envelope", "sent_at_ms", "content", "context_message_id", "referral_json", "profile_name", "keyword", "keyword_language")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REFERRAL_JSON_FIELD_NUMBER: _ClassVar[int]
    PROFILE_NAME_FIELD_NUMBER: _ClassVar[int]
    KEYWORD_FIELD_NUMBER: _ClassVar[int]
    KEYWORD_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    business_id: str
    account_id: str
    phone_number_id: str
    user_ref: str
    envelope: _facts_pb2.Envelope
    sent_at_ms: int
    content: bytes
    context_message_id: str
    referral_json: bytes
    profile_name: str
    keyword: Keyword
    keyword_language: str
    def __init__(self, message_id: _Optional[str] = ..., business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., envelope: _Optional[_Union[_facts_pb2.Envelope, _Mapping]] = ..., sent_at_ms: _Optional[int] = ..., content: _Optional[bytes] = ..., context_message_id: _Optional[str] = ..., referral_json: _Optional[bytes] = ..., profile_name: _Optional[str] = ..., keyword: _Optional[_Union[Keyword, str]] = ..., keyword_language: _Optional[str] = ...) -> None: ...

class CustomerMessageRead(_message.Message):
    __slots__ = ("message_id", "phone_number_id", "user_ref", "read_at_ms", "typing", "account_id")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    READ_AT_MS_FIELD_NUMBER: _ClassVar[int]
    TYPING_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    phone_number_id: str
    user_ref: str
    read_at_ms: int
    typing: bool
    account_id: str
    def __init__(self, message_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., read_at_ms: _Optional[int] = ..., typing: _Optional[bool] = ..., account_id: _Optional[str] = ...) -> None: ...

class CustomerBlocked(_message.Message):
    __slots__ = ("blocked_at_ms", "phone_number_id", "account_id")
    BLOCKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    blocked_at_ms: int
    phone_number_id: str
    account_id: str
    def __init__(self, blocked_at_ms: _Optional[int] = ..., phone_number_id: _Optional[str] = ..., account_id: _Optional[str] = ...) -> None: ...

class CustomerUnblocked(_message.Message):
    __slots__ = ("unblocked_at_ms", "phone_number_id", "account_id")
    UNBLOCKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    unblocked_at_ms: int
    phone_number_id: str
    account_id: str
    def __init__(self, unblocked_at_ms: _Optional[int] = ..., phone_number_id: _Optional[str] = ..., account_id: _Optional[str] = ...) -> None: ...

class OptInRecorded(_message.Message):
    __slots__ = ("recorded_at_ms", "method", "evidence", "account_id")
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    recorded_at_ms: int
    method: str
    evidence: str
    account_id: str
    def __init__(self, recorded_at_ms: _Optional[int] = ..., method: _Optional[str] = ..., evidence: _Optional[str] = ..., account_id: _Optional[str] = ...) -> None: ...

class OptOutRecorded(_message.Message):
    __slots__ = ("recorded_at_ms", "method", "evidence", "account_id")
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    recorded_at_ms: int
    method: str
    evidence: str
    account_id: str
    def __init__(self, recorded_at_ms: _Optional[int] = ..., method: _Optional[str] = ..., evidence: _Optional[str] = ..., account_id: _Optional[str] = ...) -> None: ...
