from parley.catalog.v1 import topic_pb2 as _topic_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ticked(_message.Message):
    __slots__ = ("at_ms",)
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    def __init__(self, at_ms: _Optional[int] = ...) -> None: ...

class StateMeta(_message.Message):
    __slots__ = ("next_offset", "stage_time_ms", "rules_version", "stage", "changelog_offset", "cluster_id", "changelog_topic_id", "written_at_ms", "partition")
    NEXT_OFFSET_FIELD_NUMBER: _ClassVar[int]
    STAGE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CHANGELOG_OFFSET_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGELOG_TOPIC_ID_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    next_offset: int
    stage_time_ms: int
    rules_version: int
    stage: str
    changelog_offset: int
    cluster_id: str
    changelog_topic_id: str
    written_at_ms: int
    partition: int
    def __init__(self, next_offset: _Optional[int] = ..., stage_time_ms: _Optional[int] = ..., rules_version: _Optional[int] = ..., stage: _Optional[str] = ..., changelog_offset: _Optional[int] = ..., cluster_id: _Optional[str] = ..., changelog_topic_id: _Optional[str] = ..., written_at_ms: _Optional[int] = ..., partition: _Optional[int] = ...) -> None: ...

class DeadLettered(_message.Message):
    __slots__ = ("stage", "topic", "partition", "offset", "key", "value", "headers", "kind", "message_id", "reason", "error", "recorded_at_ms")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    kind: str
    message_id: str
    reason: str
    error: str
    recorded_at_ms: int
    def __init__(self, stage: _Optional[str] = ..., topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ..., key: _Optional[bytes] = ..., value: _Optional[bytes] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., kind: _Optional[str] = ..., message_id: _Optional[str] = ..., reason: _Optional[str] = ..., error: _Optional[str] = ..., recorded_at_ms: _Optional[int] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: bytes
    def __init__(self, name: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
