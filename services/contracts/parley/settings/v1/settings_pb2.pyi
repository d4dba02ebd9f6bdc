from parley.catalog.v1 import topic_pb2 as _topic_pb2
from parley.message.v1 import facts_pb2 as _facts_pb2
from parley.plan.v1 import plan_pb2 as _plan_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SettingChanged(_message.Message):
    __slots__ = ("key", "version", "effective_from_ms", "business", "account", "phone_number", "template", "price_plan", "platform")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_MS_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    PRICE_PLAN_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    key: str
    version: int
    effective_from_ms: int
    business: Business
    account: Account
    phone_number: PhoneNumber
    template: Template
    price_plan: _plan_pb2.PricePlan
    platform: Platform
    def __init__(self, key: _Optional[str] = ..., version: _Optional[int] = ..., effective_from_ms: _Optional[int] = ..., business: _Optional[_Union[Business, _Mapping]] = ..., account: _Optional[_Union[Account, _Mapping]] = ..., phone_number: _Optional[_Union[PhoneNumber, _Mapping]] = ..., template: _Optional[_Union[Template, _Mapping]] = ..., price_plan: _Optional[_Union[_plan_pb2.PricePlan, _Mapping]] = ..., platform: _Optional[_Union[Platform, _Mapping]] = ...) -> None: ...

class Business(_message.Message):
    __slots__ = ("business_id", "currency", "time_zone", "plan")
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    business_id: str
    currency: str
    time_zone: str
    plan: str
    def __init__(self, business_id: _Optional[str] = ..., currency: _Optional[str] = ..., time_zone: _Optional[str] = ..., plan: _Optional[str] = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("account_id", "business_id", "name", "access_tokens", "app_secret_sealed", "verify_token_sealed", "webhook_url", "closing_soon_seconds")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACCESS_TOKENS_FIELD_NUMBER: _ClassVar[int]
    APP_SECRET_SEALED_FIELD_NUMBER: _ClassVar[int]
    VERIFY_TOKEN_SEALED_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_URL_FIELD_NUMBER: _ClassVar[int]
    CLOSING_SOON_SECONDS_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    business_id: str
    name: str
    access_tokens: _containers.RepeatedCompositeFieldContainer[AccessToken]
    app_secret_sealed: bytes
    verify_token_sealed: bytes
    webhook_url: str
    closing_soon_seconds: int
    def __init__(self, account_id: _Optional[str] = ..., business_id: _Optional[str] = ..., name: _Optional[str] = ..., access_tokens: _Optional[_Iterable[_Union[AccessToken, _Mapping]]] = ..., app_secret_sealed: _Optional[bytes] = ..., verify_token_sealed: _Optional[bytes] = ..., webhook_url: _Optional[str] = ..., closing_soon_seconds: _Optional[int] = ...) -> None: ...

class AccessToken(_message.Message):
    __slots__ = ("token_id", "sha256", "created_at_ms", "revoked_at_ms")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    token_id: str
    sha256: bytes
    created_at_ms: int
    revoked_at_ms: int
    def __init__(self, token_id: _Optional[str] = ..., sha256: _Optional[bytes] = ..., created_at_ms: _Optional[int] = ..., revoked_at_ms: _Optional[int] = ...) -> None: ...

class PhoneNumber(_message.Message):
    __slots__ = ("phone_number_id", "account_id", "business_id", "display_phone_number", "verified_name", "rate_per_second")
    PHONE_NUMBER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_NAME_FIELD_NUMBER: _ClassVar[int]
    RATE_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    phone_number_id: str
    account_id: str
    business_id: str
    display_phone_number: str
    verified_name: str
    rate_per_second: int
    def __init__(self, phone_number_id: _Optional[str] = ..., account_id: _Optional[str] = ..., business_id: _Optional[str] = ..., display_phone_number: _Optional[str] = ..., verified_name: _Optional[str] = ..., rate_per_second: _Optional[int] = ...) -> None: ...

class Template(_message.Message):
    __slots__ = ("account_id", "name", "language", "category", "components_json", "parameters", "message_send_ttl_seconds", "template_id", "status", "parameter_format")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_SEND_TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_FORMAT_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    name: str
    language: str
    category: _facts_pb2.Category
    components_json: bytes
    parameters: _containers.RepeatedCompositeFieldContainer[ComponentParameters]
    message_send_ttl_seconds: int
    template_id: str
    status: str
    parameter_format: str
    def __init__(self, account_id: _Optional[str] = ..., name: _Optional[str] = ..., language: _Optional[str] = ..., category: _Optional[_Union[_facts_pb2.Category, str]] = ..., components_json: _Optional[bytes] = ..., parameters: _Optional[_Iterable[_Union[ComponentParameters, _Mapping]]] = ..., message_send_ttl_seconds: _Optional[int] = ..., template_id: _Optional[str] = ..., status: _Optional[str] = ..., parameter_format: _Optional[str] = ...) -> None: ...

class ComponentParameters(_message.Message):
    __slots__ = ("component", "count", "names", "index")
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    component: str
    count: int
    names: _containers.RepeatedScalarFieldContainer[str]
    index: int
    def __init__(self, component: _Optional[str] = ..., count: _Optional[int] = ..., names: _Optional[_Iterable[str]] = ..., index: _Optional[int] = ...) -> None: ...

class Platform(_message.Message):
    __slots__ = ("pair_burst", "pair_interval_seconds", "delivered_retention_hours", "ended_retention_hours")
    PAIR_BURST_FIELD_NUMBER: _ClassVar[int]
    PAIR_INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_RETENTION_HOURS_FIELD_NUMBER: _ClassVar[int]
    ENDED_RETENTION_HOURS_FIELD_NUMBER: _ClassVar[int]
    pair_burst: int
    pair_interval_seconds: int
    delivered_retention_hours: int
    ended_retention_hours: int
    def __init__(self, pair_burst: _Optional[int] = ..., pair_interval_seconds: _Optional[int] = ..., delivered_retention_hours: _Optional[int] = ..., ended_retention_hours: _Optional[int] = ...) -> None: ...
