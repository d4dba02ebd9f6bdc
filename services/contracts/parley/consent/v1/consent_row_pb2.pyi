from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConsentRow(_message.Message):
    __slots__ = ("wake_at_ms", "conversation", "request", "message")
    WAKE_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    wake_at_ms: int
    conversation: Conversation
    request: RememberedRequest
    message: RememberedMessage
    def __init__(self, wake_at_ms: _Optional[int] = ..., conversation: _Optional[_Union[Conversation, _Mapping]] = ..., request: _Optional[_Union[RememberedRequest, _Mapping]] = ..., message: _Optional[_Union[RememberedMessage, _Mapping]] = ...) -> None: ...

class Conversation(_message.Message):
    __slots__ = ("consent", "blocked", "consent_id", "paces", "changed_at_ms", "method", "evidence")
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    PACES_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    consent: _facts_pb2.Consent
    blocked: bool
    consent_id: str
    paces: _containers.RepeatedCompositeFieldContainer[PairPace]
    changed_at_ms: int
    method: str
    evidence: str
    def __init__(self, consent: _Optional[_Union[_facts_pb2.Consent, str]] = ..., blocked: _Optional[bool] = ..., consent_id: _Optional[str] = ..., paces: _Optional[_Iterable[_Union[PairPace, _Mapping]]] = ..., changed_at_ms: _Optional[int] = ..., method: _Optional[str] = ..., evidence: _Optional[str] = ...) -> None: ...

class PairPace(_message.Message):
    __slots__ = ("phone_number_id", "paid_until_ms")
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    PAID_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    phone_number_id: str
    paid_until_ms: int
    def __init__(self, phone_number_id: _Optional[str] = ..., paid_until_ms: _Optional[int] = ...) -> None: ...

class RememberedRequest(_message.Message):
    __slots__ = ("message_id", "body_digest")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    body_digest: bytes
    def __init__(self, message_id: _Optional[str] = ..., body_digest: _Optional[bytes] = ...) -> None: ...

class RememberedMessage(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
