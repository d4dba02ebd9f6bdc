from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecordKey(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECORD_KEY_UNSPECIFIED: _ClassVar[RecordKey]
    RECORD_KEY_CONVERSATION: _ClassVar[RecordKey]
    RECORD_KEY_BUSINESS: _ClassVar[RecordKey]
    RECORD_KEY_CUSTOMER_MESSAGE: _ClassVar[RecordKey]
    RECORD_KEY_SETTING: _ClassVar[RecordKey]
    RECORD_KEY_ACCOUNT: _ClassVar[RecordKey]
    RECORD_KEY_SAME_AS_CAUSE: _ClassVar[RecordKey]

class Cleanup(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLEANUP_UNSPECIFIED: _ClassVar[Cleanup]
    CLEANUP_DELETE: _ClassVar[Cleanup]
    CLEANUP_COMPACT: _ClassVar[Cleanup]
RECORD_KEY_UNSPECIFIED: RecordKey
RECORD_KEY_CONVERSATION: RecordKey
RECORD_KEY_BUSINESS: RecordKey
RECORD_KEY_CUSTOMER_MESSAGE: RecordKey
RECORD_KEY_SETTING: RecordKey
RECORD_KEY_ACCOUNT: RecordKey
RECORD_KEY_SAME_AS_CAUSE: RecordKey
CLEANUP_UNSPECIFIED: Cleanup
CLEANUP_DELETE: Cleanup
CLEANUP_COMPACT: Cleanup
TOPIC_FIELD_NUMBER: _ClassVar[int]
topic: _descriptor.FieldDescriptor

class Topic(_message.Message):
    __slots__ = ("name", "key", "partitions", "cleanup", "retention_hours", "public", "clock_bounded", "tiers")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    CLEANUP_FIELD_NUMBER: _ClassVar[int]
    RETENTION_HOURS_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_FIELD_NUMBER: _ClassVar[int]
    CLOCK_BOUNDED_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    key: RecordKey
    partitions: int
    cleanup: Cleanup
    retention_hours: int
    public: bool
    clock_bounded: bool
    tiers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., key: _Optional[_Union[RecordKey, str]] = ..., partitions: _Optional[int] = ..., cleanup: _Optional[_Union[Cleanup, str]] = ..., retention_hours: _Optional[int] = ..., public: _Optional[bool] = ..., clock_bounded: _Optional[bool] = ..., tiers: _Optional[_Iterable[str]] = ...) -> None: ...
