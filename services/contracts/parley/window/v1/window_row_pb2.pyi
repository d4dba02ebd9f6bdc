from parley.catalog.v1 import topic_pb2 as _topic_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Reported(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORTED_UNSPECIFIED: _ClassVar[Reported]
    REPORTED_OPEN: _ClassVar[Reported]
    REPORTED_CLOSING_SOON: _ClassVar[Reported]
    REPORTED_CLOSED: _ClassVar[Reported]
REPORTED_UNSPECIFIED: Reported
REPORTED_OPEN: Reported
REPORTED_CLOSING_SOON: Reported
REPORTED_CLOSED: Reported

class WindowRow(_message.Message):
    __slots__ = ("wake_at_ms", "opened_by", "opened_at_ms", "last_message_id", "last_message_at_ms", "entry_point_message_id", "entry_point_at_ms", "reported", "account_id")
    WAKE_AT_MS_FIELD_NUMBER: _ClassVar[int]
    OPENED_BY_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_MESSAGE_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    REPORTED_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    wake_at_ms: int
    opened_by: str
    opened_at_ms: int
    last_message_id: str
    last_message_at_ms: int
    entry_point_message_id: str
    entry_point_at_ms: int
    reported: Reported
    account_id: str
    def __init__(self, wake_at_ms: _Optional[int] = ..., opened_by: _Optional[str] = ..., opened_at_ms: _Optional[int] = ..., last_message_id: _Optional[str] = ..., last_message_at_ms: _Optional[int] = ..., entry_point_message_id: _Optional[str] = ..., entry_point_at_ms: _Optional[int] = ..., reported: _Optional[_Union[Reported, str]] = ..., account_id: _Optional[str] = ...) -> None: ...
