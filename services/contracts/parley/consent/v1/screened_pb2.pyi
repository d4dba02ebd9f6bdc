from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from parley.runtime.v1 import runtime_pb2 as _runtime_pb2
from parley.settings.v1 import settings_pb2 as _settings_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScreenedEvent(_message.Message):
    __slots__ = ("send_screened", "customer_message_screened", "setting_changed", "ticked")
    SEND_SCREENED_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_MESSAGE_SCREENED_FIELD_NUMBER: _ClassVar[int]
    SETTING_CHANGED_FIELD_NUMBER: _ClassVar[int]
    TICKED_FIELD_NUMBER: _ClassVar[int]
    send_screened: SendScreened
    customer_message_screened: CustomerMessageScreened
    setting_changed: _settings_pb2.SettingChanged
    ticked: _runtime_pb2.Ticked
    def __init__(self, send_screened: _Optional[_Union[SendScreened, _Mapping]] = ..., customer_message_screened: _Optional[_Union[CustomerMessageScreened, _Mapping]] = ..., setting_changed: _Optional[_Union[_settings_pb2.SettingChanged, _Mapping]] = ..., ticked: _Optional[_Union[_runtime_pb2.Ticked, _Mapping]] = ...) -> None: ...

class SendScreened(_message.Message):
    __slots__ = ("facts", "consent_id")
    FACTS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    facts: _facts_pb2.SendFacts
    consent_id: str
    def __init__(self, facts: _Optional[_Union[_facts_pb2.SendFacts, _Mapping]] = ..., consent_id: _Optional[str] = ...) -> None: ...

class CustomerMessageScreened(_message.Message):
    __slots__ = ("message_id", "business_id", "account_id", "phone_number_id", "user_ref", "sent_at_ms", "entry_point")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    business_id: str
    account_id: str
    phone_number_id: str
    user_ref: str
    sent_at_ms: int
    entry_point: bool
    def __init__(self, message_id: _Optional[str] = ..., business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., sent_at_ms: _Optional[int] = ..., entry_point: _Optional[bool] = ...) -> None: ...
