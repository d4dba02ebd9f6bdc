from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.delivery.v1 import dispatch_pb2 as _dispatch_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Stand(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAND_UNSPECIFIED: _ClassVar[Stand]
    STAND_ACCEPTED: _ClassVar[Stand]
    STAND_SENT: _ClassVar[Stand]
    STAND_DELIVERED: _ClassVar[Stand]
    STAND_READ: _ClassVar[Stand]
    STAND_FAILED: _ClassVar[Stand]
    STAND_EXPIRED: _ClassVar[Stand]
STAND_UNSPECIFIED: Stand
STAND_ACCEPTED: Stand
STAND_SENT: Stand
STAND_DELIVERED: Stand
STAND_READ: Stand
STAND_FAILED: Stand
STAND_EXPIRED: Stand

class DeliveryRow(_message.Message):
    __slots__ = ("wake_at_ms", "conversation", "message", "signal")
    WAKE_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    wake_at_ms: int
    conversation: DeliveryConversation
    message: DeliveryMessage
    signal: DeliverySignal
    def __init__(self, wake_at_ms: _Optional[int] = ..., conversation: _Optional[_Union[DeliveryConversation, _Mapping]] = ..., message: _Optional[_Union[DeliveryMessage, _Mapping]] = ..., signal: _Optional[_Union[DeliverySignal, _Mapping]] = ...) -> None: ...

class DeliveryConversation(_message.Message):
    __slots__ = ("consent", "consent_id", "waiting")
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    consent: _facts_pb2.Consent
    consent_id: str
    waiting: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, consent: _Optional[_Union[_facts_pb2.Consent, str]] = ..., consent_id: _Optional[str] = ..., waiting: _Optional[_Iterable[str]] = ...) -> None: ...

class DeliveryMessage(_message.Message):
    __slots__ = ("held", "stand", "attempts", "pricing", "consent_id", "late_receipts", "ended_at_ms", "ended_code", "traceparent")
    HELD_FIELD_NUMBER: _ClassVar[int]
    STAND_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    LATE_RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_CODE_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    held: _dispatch_pb2.ContentHeld
    stand: Stand
    attempts: int
    pricing: _facts_pb2.Pricing
    consent_id: str
    late_receipts: int
    ended_at_ms: int
    ended_code: int
    traceparent: bytes
    def __init__(self, held: _Optional[_Union[_dispatch_pb2.ContentHeld, _Mapping]] = ..., stand: _Optional[_Union[Stand, str]] = ..., attempts: _Optional[int] = ..., pricing: _Optional[_Union[_facts_pb2.Pricing, _Mapping]] = ..., consent_id: _Optional[str] = ..., late_receipts: _Optional[int] = ..., ended_at_ms: _Optional[int] = ..., ended_code: _Optional[int] = ..., traceparent: _Optional[bytes] = ...) -> None: ...

class DeliverySignal(_message.Message):
    __slots__ = ("phone_number_id", "notice", "read_mark", "attempts", "traceparent")
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    READ_MARK_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    phone_number_id: str
    notice: _dispatch_pb2.NoticeRequested
    read_mark: _dispatch_pb2.ReadMarkRequested
    attempts: int
    traceparent: bytes
    def __init__(self, phone_number_id: _Optional[str] = ..., notice: _Optional[_Union[_dispatch_pb2.NoticeRequested, _Mapping]] = ..., read_mark: _Optional[_Union[_dispatch_pb2.ReadMarkRequested, _Mapping]] = ..., attempts: _Optional[int] = ..., traceparent: _Optional[bytes] = ...) -> None: ...
