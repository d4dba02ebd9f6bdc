from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Category(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CATEGORY_UNSPECIFIED: _ClassVar[Category]
    CATEGORY_SERVICE: _ClassVar[Category]
    CATEGORY_UTILITY: _ClassVar[Category]
    CATEGORY_MARKETING: _ClassVar[Category]
    CATEGORY_AUTHENTICATION: _ClassVar[Category]

class Form(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FORM_UNSPECIFIED: _ClassVar[Form]
    FORM_FREE_FORM: _ClassVar[Form]
    FORM_TEMPLATE: _ClassVar[Form]

class Consent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSENT_UNSPECIFIED: _ClassVar[Consent]
    CONSENT_GRANTED: _ClassVar[Consent]
    CONSENT_STOPPED: _ClassVar[Consent]
    CONSENT_BLOCKED: _ClassVar[Consent]
CATEGORY_UNSPECIFIED: Category
CATEGORY_SERVICE: Category
CATEGORY_UTILITY: Category
CATEGORY_MARKETING: Category
CATEGORY_AUTHENTICATION: Category
FORM_UNSPECIFIED: Form
FORM_FREE_FORM: Form
FORM_TEMPLATE: Form
CONSENT_UNSPECIFIED: Consent
CONSENT_GRANTED: Consent
CONSENT_STOPPED: Consent
CONSENT_BLOCKED: Consent

class SendFacts(_message.Message):
    __slots__ = ("message_id", "business_id", "account_id", "phone_number_id", "user_ref", "destination_prefix", "category", "form", "accepted_at_ms", "expires_at_ms")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_REF_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_PREFIX_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    business_id: str
    account_id: str
    phone_number_id: str
    user_ref: str
    destination_prefix: str
    category: Category
    form: Form
    accepted_at_ms: int
    expires_at_ms: int
    def __init__(self, message_id: _Optional[str] = ..., business_id: _Optional[str] = ..., account_id: _Optional[str] = ..., phone_number_id: _Optional[str] = ..., user_ref: _Optional[str] = ..., destination_prefix: _Optional[str] = ..., category: _Optional[_Union[Category, str]] = ..., form: _Optional[_Union[Form, str]] = ..., accepted_at_ms: _Optional[int] = ..., expires_at_ms: _Optional[int] = ...) -> None: ...

class Envelope(_message.Message):
    __slots__ = ("customer_number", "display_phone_number", "callback_data")
    CUSTOMER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_DATA_FIELD_NUMBER: _ClassVar[int]
    customer_number: str
    display_phone_number: str
    callback_data: str
    def __init__(self, customer_number: _Optional[str] = ..., display_phone_number: _Optional[str] = ..., callback_data: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("code", "details")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    code: int
    details: str
    def __init__(self, code: _Optional[int] = ..., details: _Optional[str] = ...) -> None: ...

class WindowEvidence(_message.Message):
    __slots__ = ("open", "opened_by", "opened_at_ms", "last_message_id", "last_message_at_ms", "closes_at_ms", "entry_point_message_id", "entry_point_at_ms")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    OPENED_BY_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_MESSAGE_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CLOSES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ENTRY_POINT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    open: bool
    opened_by: str
    opened_at_ms: int
    last_message_id: str
    last_message_at_ms: int
    closes_at_ms: int
    entry_point_message_id: str
    entry_point_at_ms: int
    def __init__(self, open: _Optional[bool] = ..., opened_by: _Optional[str] = ..., opened_at_ms: _Optional[int] = ..., last_message_id: _Optional[str] = ..., last_message_at_ms: _Optional[int] = ..., closes_at_ms: _Optional[int] = ..., entry_point_message_id: _Optional[str] = ..., entry_point_at_ms: _Optional[int] = ...) -> None: ...

class Pricing(_message.Message):
    __slots__ = ("billable", "pricing_model", "type", "category")
    BILLABLE_FIELD_NUMBER: _ClassVar[int]
    PRICING_MODEL_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    billable: bool
    pricing_model: str
    type: str
    category: str
    def __init__(self, billable: _Optional[bool] = ..., pricing_model: _Optional[str] = ..., type: _Optional[str] = ..., category: _Optional[str] = ...) -> None: ...
