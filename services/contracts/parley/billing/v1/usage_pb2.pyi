from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from parley.runtime.v1 import runtime_pb2 as _runtime_pb2
from parley.settings.v1 import settings_pb2 as _settings_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UsageEvent(_message.Message):
    __slots__ = ("send_assessed", "message_delivered", "message_undelivered", "setting_changed", "ticked")
    SEND_ASSESSED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_DELIVERED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_UNDELIVERED_FIELD_NUMBER: _ClassVar[int]
    SETTING_CHANGED_FIELD_NUMBER: _ClassVar[int]
    TICKED_FIELD_NUMBER: _ClassVar[int]
    send_assessed: SendAssessed
    message_delivered: MessageDelivered
    message_undelivered: MessageUndelivered
    setting_changed: _settings_pb2.SettingChanged
    ticked: _runtime_pb2.Ticked
    def __init__(self, send_assessed: _Optional[_Union[SendAssessed, _Mapping]] = ..., message_delivered: _Optional[_Union[MessageDelivered, _Mapping]] = ..., message_undelivered: _Optional[_Union[MessageUndelivered, _Mapping]] = ..., setting_changed: _Optional[_Union[_settings_pb2.SettingChanged, _Mapping]] = ..., ticked: _Optional[_Union[_runtime_pb2.Ticked, _Mapping]] = ...) -> None: ...

class SendAssessed(_message.Message):
    __slots__ = ("facts", "consent_id", "window")
    FACTS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    facts: _facts_pb2.SendFacts
    consent_id: str
    window: _facts_pb2.WindowEvidence
    def __init__(self, facts: _Optional[_Union[_facts_pb2.SendFacts, _Mapping]] = ..., consent_id: _Optional[str] = ..., window: _Optional[_Union[_facts_pb2.WindowEvidence, _Mapping]] = ...) -> None: ...

class MessageDelivered(_message.Message):
    __slots__ = ("message_id", "delivered_at_ms", "consent_id", "read")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    delivered_at_ms: int
    consent_id: str
    read: bool
    def __init__(self, message_id: _Optional[str] = ..., delivered_at_ms: _Optional[int] = ..., consent_id: _Optional[str] = ..., read: _Optional[bool] = ...) -> None: ...

class MessageUndelivered(_message.Message):
    __slots__ = ("message_id", "ended_at_ms", "expired", "code", "consent_id")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    ended_at_ms: int
    expired: bool
    code: int
    consent_id: str
    def __init__(self, message_id: _Optional[str] = ..., ended_at_ms: _Optional[int] = ..., expired: _Optional[bool] = ..., code: _Optional[int] = ..., consent_id: _Optional[str] = ...) -> None: ...
