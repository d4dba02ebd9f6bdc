from parley.billing.v1 import money_pb2 as _money_pb2
from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LedgerEntry(_message.Message):
    __slots__ = ("business_id", "account_id", "sequence", "previous_hash", "message_id", "user_ref", "amount", "balance", "reserved", "reason", "plan", "plan_version", "market", "category", "accepted_at_ms", "recorded_at_ms", "evidence", "destination_prefix", "phone_number_id", "cause", "form", "window", "authorized", "captured", "voided", "free")
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PLAN_VERSION_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_PREFIX_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZED_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_FIELD_NUMBER: _ClassVar[int]
    VOIDED_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    business_id: str
    account_id: str
    sequence: int
    previous_hash: str
    message_id: str
    user_ref: str
    amount: _money_pb2.Money
    balance: _money_pb2.Money
    reserved: _money_pb2.Money
    reason: str
    plan: str
    plan_version: int
    market: str
    category: _facts_pb2.Category
    accepted_at_ms: int
    recorded_at_ms: int
    evidence: _containers.RepeatedScalarFieldContainer[str]
    destination_prefix: str
    phone_number_id: str
    cause: CausePosition
    form: _facts_pb2.Form
    window: _facts_pb2.WindowEvidence
    authorized: ChargeAuthorized
    captured: ChargeCaptured
    voided: ChargeVoided
    free: FreeDelivered
    def __init__(self, business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., sequence: _Optional[int] = ..., previous_hash: _Optional[str] = ..., message_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., balance: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., reserved: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., reason: _Optional[str] = ..., plan: _Optional[str] = ..., plan_version: _Optional[int] = ..., market: _Optional[str] = ..., category: _Optional[_Union[_facts_pb2.Category, str]] = ..., accepted_at_ms: _Optional[int] = ..., recorded_at_ms: _Optional[int] = ..., evidence: _Optional[_Iterable[str]] = ..., destination_prefix: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., cause: _Optional[_Union[CausePosition, _Mapping]] = ..., form: _Optional[_Union[_facts_pb2.Form, str]] = ..., window: _Optional[_Union[_facts_pb2.WindowEvidence, _Mapping]] = ..., authorized: _Optional[_Union[ChargeAuthorized, _Mapping]] = ..., captured: _Optional[_Union[ChargeCaptured, _Mapping]] = ..., voided: _Optional[_Union[ChargeVoided, _Mapping]] = ..., free: _Optional[_Union[FreeDelivered, _Mapping]] = ...) -> None: ...

class CausePosition(_message.Message):
    __slots__ = ("topic", "partition", "offset")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    offset: int
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class ChargeAuthorized(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ChargeCaptured(_message.Message):
    __slots__ = ("authorized_sequence",)
    AUTHORIZED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    authorized_sequence: int
    def __init__(self, authorized_sequence: _Optional[int] = ...) -> None: ...

class ChargeVoided(_message.Message):
    __slots__ = ("authorized_sequence",)
    AUTHORIZED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    authorized_sequence: int
    def __init__(self, authorized_sequence: _Optional[int] = ...) -> None: ...

class FreeDelivered(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
