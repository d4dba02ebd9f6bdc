from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DumpFrame(_message.Message):
    __slots__ = ("cut", "records")
    CUT_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    cut: DumpedCut
    records: DumpedRecords
    def __init__(self, cut: _Optional[_Union[DumpedCut, _Mapping]] = ..., records: _Optional[_Union[DumpedRecords, _Mapping]] = ...) -> None: ...

class DumpedCut(_message.Message):
    __slots__ = ("identity", "spans", "topic_prefix")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    SPANS_FIELD_NUMBER: _ClassVar[int]
    TOPIC_PREFIX_FIELD_NUMBER: _ClassVar[int]
    identity: str
    spans: _containers.RepeatedCompositeFieldContainer[DumpedSpan]
    topic_prefix: str
    def __init__(self, identity: _Optional[str] = ..., spans: _Optional[_Iterable[_Union[DumpedSpan, _Mapping]]] = ..., topic_prefix: _Optional[str] = ...) -> None: ...

class DumpedSpan(_message.Message):
    __slots__ = ("topic", "partition", "start", "end")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    start: int
    end: int
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class DumpedRecords(_message.Message):
    __slots__ = ("topic", "records")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    topic: str
    records: _containers.RepeatedCompositeFieldContainer[DumpedRecord]
    def __init__(self, topic: _Optional[str] = ..., records: _Optional[_Iterable[_Union[DumpedRecord, _Mapping]]] = ...) -> None: ...

class DumpedRecord(_message.Message):
    __slots__ = ("partition", "offset", "timestamp_ms", "key", "value", "headers")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes
    value: bytes
    headers: _containers.RepeatedCompositeFieldContainer[DumpedHeader]
    def __init__(self, partition: _Optional[int] = ..., offset: _Optional[int] = ..., timestamp_ms: _Optional[int] = ..., key: _Optional[bytes] = ..., value: _Optional[bytes] = ..., headers: _Optional[_Iterable[_Union[DumpedHeader, _Mapping]]] = ...) -> None: ...

class DumpedHeader(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: bytes
    def __init__(self, name: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
