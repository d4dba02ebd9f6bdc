from parley.catalog.v1 import topic_pb2 as _topic_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WindowEvent(_message.Message):
    __slots__ = ("business_id", "account_id", "phone_number_id", "user_ref", "opened_by", "opened_at_ms", "last_message_id", "closes_at_ms", "opened", "extended", "closing_soon", "closed")
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    OPENED_BY_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    CLOSES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    EXTENDED_FIELD_NUMBER: _ClassVar[int]
    CLOSING_SOON_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    business_id: str
    account_id: str
    phone_number_id: str
    user_ref: str
    opened_by: str
    opened_at_ms: int
    last_message_id: str
    closes_at_ms: int
    opened: WindowOpened
    extended: WindowExtended
    closing_soon: WindowClosingSoon
    closed: WindowClosed
    def __init__(self, business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., opened_by: _Optional[str] = ..., opened_at_ms: _Optional[int] = ..., last_message_id: _Optional[str] = ..., closes_at_ms: _Optional[int] = ..., opened: _Optional[_Union[WindowOpened, _Mapping]] = ..., extended: _Optional[_Union[WindowExtended, _Mapping]] = ..., closing_soon: _Optional[_Union[WindowClosingSoon, _Mapping]] = ..., closed: _Optional[_Union[WindowClosed, _Mapping]] = ...) -> None: ...

class WindowOpened(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WindowExtended(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WindowClosingSoon(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WindowClosed(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
