from parley.message.v1 import facts_pb2 as _facts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LateFreeForm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LATE_FREE_FORM_UNSPECIFIED: _ClassVar[LateFreeForm]
    LATE_FREE_FORM_CHARGE: _ClassVar[LateFreeForm]
    LATE_FREE_FORM_REJECT: _ClassVar[LateFreeForm]
LATE_FREE_FORM_UNSPECIFIED: LateFreeForm
LATE_FREE_FORM_CHARGE: LateFreeForm
LATE_FREE_FORM_REJECT: LateFreeForm

class PricePlan(_message.Message):
    __slots__ = ("name", "version", "effective_from_ms", "currency", "pricing_model", "window_seconds", "late_free_form", "free_in_window", "rates", "markets")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_MS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PRICING_MODEL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LATE_FREE_FORM_FIELD_NUMBER: _ClassVar[int]
    FREE_IN_WINDOW_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    MARKETS_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    effective_from_ms: int
    currency: str
    pricing_model: str
    window_seconds: int
    late_free_form: LateFreeForm
    free_in_window: _containers.RepeatedScalarFieldContainer[_facts_pb2.Category]
    rates: _containers.RepeatedCompositeFieldContainer[Rate]
    markets: _containers.RepeatedCompositeFieldContainer[MarketPrefix]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., effective_from_ms: _Optional[int] = ..., currency: _Optional[str] = ..., pricing_model: _Optional[str] = ..., window_seconds: _Optional[int] = ..., late_free_form: _Optional[_Union[LateFreeForm, str]] = ..., free_in_window: _Optional[_Iterable[_Union[_facts_pb2.Category, str]]] = ..., rates: _Optional[_Iterable[_Union[Rate, _Mapping]]] = ..., markets: _Optional[_Iterable[_Union[MarketPrefix, _Mapping]]] = ...) -> None: ...

class Rate(_message.Message):
    __slots__ = ("market", "category", "micros")
    MARKET_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    MICROS_FIELD_NUMBER: _ClassVar[int]
    market: str
    category: _facts_pb2.Category
    micros: int
    def __init__(self, market: _Optional[str] = ..., category: _Optional[_Union[_facts_pb2.Category, str]] = ..., micros: _Optional[int] = ...) -> None: ...

class MarketPrefix(_message.Message):
    __slots__ = ("prefix", "market")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    market: str
    def __init__(self, prefix: _Optional[str] = ..., market: _Optional[str] = ...) -> None: ...
