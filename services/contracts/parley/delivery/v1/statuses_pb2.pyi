from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatusEvent(_message.Message):
    __slots__ = ("message_id", "business_id", "account_id", "phone_number_id", "display_phone_number", "user_ref", "customer_number", "occurred_at_ms", "callback_data", "pricing", "accepted", "sent", "delivered", "read", "failed", "expired", "delivered_late")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_DATA_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    SENT_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_LATE_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    business_id: str
    account_id: str
    phone_number_id: str
    display_phone_number: str
    user_ref: str
    customer_number: str
    occurred_at_ms: int
    callback_data: str
    pricing: _facts_pb2.Pricing
    accepted: MessageAccepted
    sent: MessageSent
    delivered: MessageArrived
    read: MessageSeen
    failed: MessageFailed
    expired: MessageLapsed
    delivered_late: MessageArrivedLate
    def __init__(self, message_id: _Optional[str] = ..., business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., display_phone_number: _Optional[str] = ..., user_ref: _Optional[str] = ..., customer_number: _Optional[str] = ..., occurred_at_ms: _Optional[int] = ..., callback_data: _Optional[str] = ..., pricing: _Optional[_Union[_facts_pb2.Pricing, _Mapping]] = ..., accepted: _Optional[_Union[MessageAccepted, _Mapping]] = ..., sent: _Optional[_Union[MessageSent, _Mapping]] = ..., delivered: _Optional[_Union[MessageArrived, _Mapping]] = ..., read: _Optional[_Union[MessageSeen, _Mapping]] = ..., failed: _Optional[_Union[MessageFailed, _Mapping]] = ..., expired: _Optional[_Union[MessageLapsed, _Mapping]] = ..., delivered_late: _Optional[_Union[MessageArrivedLate, _Mapping]] = ...) -> None: ...

class MessageAccepted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MessageSent(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MessageArrived(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MessageSeen(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MessageFailed(_message.Message):
    __slots__ = ("refusal",)
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    refusal: _facts_pb2.Refusal
    def __init__(self, refusal: _Optional[_Union[_facts_pb2.Refusal, _Mapping]] = ...) -> None: ...

class MessageLapsed(_message.Message):
    __slots__ = ("refusal",)
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    refusal: _facts_pb2.Refusal
    def __init__(self, refusal: _Optional[_Union[_facts_pb2.Refusal, _Mapping]] = ...) -> None: ...

class MessageArrivedLate(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
