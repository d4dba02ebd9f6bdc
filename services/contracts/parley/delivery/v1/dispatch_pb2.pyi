from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from parley.runtime.v1 import runtime_pb2 as _runtime_pb2
from parley.settings.v1 import settings_pb2 as _settings_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Receipt(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECEIPT_UNSPECIFIED: _ClassVar[Receipt]
    RECEIPT_DELIVERED: _ClassVar[Receipt]
    RECEIPT_READ: _ClassVar[Receipt]
RECEIPT_UNSPECIFIED: Receipt
RECEIPT_DELIVERED: Receipt
RECEIPT_READ: Receipt

class DispatchEvent(_message.Message):
    __slots__ = ("content_held", "send_refused", "send_authorized", "consent_changed", "receipt_received", "customer_was_offline", "customer_connected", "read_mark_requested", "notice_requested", "send_failed", "setting_changed", "ticked")
    CONTENT_HELD_FIELD_NUMBER: _ClassVar[int]
    SEND_REFUSED_FIELD_NUMBER: _ClassVar[int]
    SEND_AUTHORIZED_FIELD_NUMBER: _ClassVar[int]
    CONSENT_CHANGED_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_WAS_OFFLINE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_CONNECTED_FIELD_NUMBER: _ClassVar[int]
    READ_MARK_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    NOTICE_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    SEND_FAILED_FIELD_NUMBER: _ClassVar[int]
    SETTING_CHANGED_FIELD_NUMBER: _ClassVar[int]
    TICKED_FIELD_NUMBER: _ClassVar[int]
    content_held: ContentHeld
    send_refused: SendRefused
    send_authorized: SendAuthorized
    consent_changed: ConsentChanged
    receipt_received: ReceiptReceived
    customer_was_offline: CustomerWasOffline
    customer_connected: CustomerConnected
    read_mark_requested: ReadMarkRequested
    notice_requested: NoticeRequested
    send_failed: SendFailed
    setting_changed: _settings_pb2.SettingChanged
    ticked: _runtime_pb2.Ticked
    def __init__(self, content_held: _Optional[_Union[ContentHeld, _Mapping]] = ..., send_refused: _Optional[_Union[SendRefused, _Mapping]] = ..., send_authorized: _Optional[_Union[SendAuthorized, _Mapping]] = ..., consent_changed: _Optional[_Union[ConsentChanged, _Mapping]] = ..., receipt_received: _Optional[_Union[ReceiptReceived, _Mapping]] = ..., customer_was_offline: _Optional[_Union[CustomerWasOffline, _Mapping]] = ..., customer_connected: _Optional[_Union[CustomerConnected, _Mapping]] = ..., read_mark_requested: _Optional[_Union[ReadMarkRequested, _Mapping]] = ..., notice_requested: _Optional[_Union[NoticeRequested, _Mapping]] = ..., send_failed: _Optional[_Union[SendFailed, _Mapping]] = ..., setting_changed: _Optional[_Union[_settings_pb2.SettingChanged, _Mapping]] = ..., ticked: _Optional[_Union[_runtime_pb2.Ticked, _Mapping]] = ...) -> None: ...

class ContentHeld(_message.Message):
    __slots__ = ("facts", "envelope", "content")
    FACTS_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    facts: _facts_pb2.SendFacts
    envelope: _facts_pb2.Envelope
    content: bytes
    def __init__(self, facts: _Optional[_Union[_facts_pb2.SendFacts, _Mapping]] = ..., envelope: _Optional[_Union[_facts_pb2.Envelope, _Mapping]] = ..., content: _Optional[bytes] = ...) -> None: ...

class SendRefused(_message.Message):
    __slots__ = ("message_id", "refusal", "facts", "envelope", "refused_at_ms")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    refusal: _facts_pb2.Refusal
    facts: _facts_pb2.SendFacts
    envelope: _facts_pb2.Envelope
    refused_at_ms: int
    def __init__(self, message_id: _Optional[str] = ..., refusal: _Optional[_Union[_facts_pb2.Refusal, _Mapping]] = ..., facts: _Optional[_Union[_facts_pb2.SendFacts, _Mapping]] = ..., envelope: _Optional[_Union[_facts_pb2.Envelope, _Mapping]] = ..., refused_at_ms: _Optional[int] = ...) -> None: ...

class SendAuthorized(_message.Message):
    __slots__ = ("message_id", "pricing")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    pricing: _facts_pb2.Pricing
    def __init__(self, message_id: _Optional[str] = ..., pricing: _Optional[_Union[_facts_pb2.Pricing, _Mapping]] = ...) -> None: ...

class ConsentChanged(_message.Message):
    __slots__ = ("consent_id", "consent", "changed_at_ms")
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    consent_id: str
    consent: _facts_pb2.Consent
    changed_at_ms: int
    def __init__(self, consent_id: _Optional[str] = ..., consent: _Optional[_Union[_facts_pb2.Consent, str]] = ..., changed_at_ms: _Optional[int] = ...) -> None: ...

class ReceiptReceived(_message.Message):
    __slots__ = ("message_id", "receipt", "received_at_ms")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    receipt: Receipt
    received_at_ms: int
    def __init__(self, message_id: _Optional[str] = ..., receipt: _Optional[_Union[Receipt, str]] = ..., received_at_ms: _Optional[int] = ...) -> None: ...

class CustomerWasOffline(_message.Message):
    __slots__ = ("message_id", "attempt")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    attempt: int
    def __init__(self, message_id: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class CustomerConnected(_message.Message):
    __slots__ = ("connected_at_ms", "connection")
    CONNECTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    connected_at_ms: int
    connection: str
    def __init__(self, connected_at_ms: _Optional[int] = ..., connection: _Optional[str] = ...) -> None: ...

class ReadMarkRequested(_message.Message):
    __slots__ = ("message_id", "phone_number_id", "read_at_ms", "typing")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    READ_AT_MS_FIELD_NUMBER: _ClassVar[int]
    TYPING_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    phone_number_id: str
    read_at_ms: int
    typing: bool
    def __init__(self, message_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., read_at_ms: _Optional[int] = ..., typing: _Optional[bool] = ...) -> None: ...

class NoticeRequested(_message.Message):
    __slots__ = ("notice_id", "phone_number_id", "text", "requested_at_ms")
    NOTICE_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    notice_id: str
    phone_number_id: str
    text: str
    requested_at_ms: int
    def __init__(self, notice_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., text: _Optional[str] = ..., requested_at_ms: _Optional[int] = ...) -> None: ...

class SendFailed(_message.Message):
    __slots__ = ("message_id", "refusal", "failed_at_ms")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    FAILED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    refusal: _facts_pb2.Refusal
    failed_at_ms: int
    def __init__(self, message_id: _Optional[str] = ..., refusal: _Optional[_Union[_facts_pb2.Refusal, _Mapping]] = ..., failed_at_ms: _Optional[int] = ...) -> None: ...
