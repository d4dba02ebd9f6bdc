from parley.billing.v1 import usage_pb2 as _usage_pb2
from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RatingRow(_message.Message):
    __slots__ = ("wake_at_ms", "head", "open")
    WAKE_AT_MS_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    wake_at_ms: int
    head: LedgerHead
    open: OpenMessage
    def __init__(self, wake_at_ms: _Optional[int] = ..., head: _Optional[_Union[LedgerHead, _Mapping]] = ..., open: _Optional[_Union[OpenMessage, _Mapping]] = ...) -> None: ...

class LedgerHead(_message.Message):
    __slots__ = ("sequence", "hash", "balance_micros", "reserved_micros", "currency")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    BALANCE_MICROS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_MICROS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    hash: str
    balance_micros: int
    reserved_micros: int
    currency: str
    def __init__(self, sequence: _Optional[int] = ..., hash: _Optional[str] = ..., balance_micros: _Optional[int] = ..., reserved_micros: _Optional[int] = ..., currency: _Optional[str] = ...) -> None: ...

class OpenMessage(_message.Message):
    __slots__ = ("assessed", "authorized", "price_micros", "currency", "reason", "plan", "plan_version", "market", "authorized_sequence", "pricing")
    ASSESSED_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZED_FIELD_NUMBER: _ClassVar[int]
    PRICE_MICROS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    assessed: _usage_pb2.SendAssessed
    authorized: bool
    price_micros: int
    currency: str
    reason: str
    plan: str
    plan_version: int
    market: str
    authorized_sequence: int
    pricing: _facts_pb2.Pricing
    def __init__(self, assessed: _Optional[_Union[_usage_pb2.SendAssessed, _Mapping]] = ..., authorized: _Optional[bool] = ..., price_micros: _Optional[int] = ..., currency: _Optional[str] = ..., reason: _Optional[str] = ..., plan: _Optional[str] = ..., plan_version: _Optional[int] = ..., market: _Optional[str] = ..., authorized_sequence: _Optional[int] = ..., pricing: _Optional[_Union[_facts_pb2.Pricing, _Mapping]] = ...) -> None: ...
