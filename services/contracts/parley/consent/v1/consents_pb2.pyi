from parley.catalog.v1 import topic_pb2 as _topic_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConsentEvent(_message.Message):
    __slots__ = ("consent_id", "business_id", "user_ref", "changed_at_ms", "method", "evidence", "account_id", "granted", "stopped", "blocked", "unblocked")
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    UNBLOCKED_FIELD_NUMBER: _ClassVar[int]
    consent_id: str
    business_id: str
    user_ref: str
    changed_at_ms: int
    method: str
    evidence: str
    account_id: str
    granted: ConsentGranted
    stopped: ConsentStopped
    blocked: BusinessBlocked
    unblocked: BusinessUnblocked
    def __init__(self, consent_id: _Optional[str] = ..., business_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., changed_at_ms: _Optional[int] = ..., method: _Optional[str] = ..., evidence: _Optional[str] = ..., account_id: _Optional[str] = ..., granted: _Optional[_Union[ConsentGranted, _Mapping]] = ..., stopped: _Optional[_Union[ConsentStopped, _Mapping]] = ..., blocked: _Optional[_Union[BusinessBlocked, _Mapping]] = ..., unblocked: _Optional[_Union[BusinessUnblocked, _Mapping]] = ...) -> None: ...

class ConsentGranted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ConsentStopped(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BusinessBlocked(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BusinessUnblocked(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
