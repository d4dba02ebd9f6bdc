"""Rows as bytes: JSON of what differs from nothing, so that a row of a settled message is a few bytes.

Rows are dataclasses of numbers, texts, named tuples, and lists and dicts of those. Every default is empty
(0, "", None, False, an empty list or dict), and what is empty is left out. Of a row that is ``settled`` only
the fields that its class names in ``KEPT_WHEN_SETTLED`` are kept.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Row = TypeVar("Row")
Revive = Callable[[Any], Any]


def encode(row: Any) -> bytes:
    """The row as bytes."""
    return _ENCODER.encode(_bare(row)).encode()


@cache
def decoder_of(kind: type[Row]) -> Callable[[bytes], Row]:
    """What makes rows of this dataclass from bytes again."""
    revive = _reviver(kind)

    def decode(stored: bytes) -> Row:
        row: Row = revive(json.loads(stored))
        return row

    return decode


def _bare(row: Any) -> dict[str, Any]:
    """What of a dataclass is not empty; JSON asks for those that lie within in the same way."""
    names, values = _fields(row.__class__, bool(getattr(row, "settled", False)))
    return {name: value for name, value in zip(names, values(row), strict=True) if value}


@cache
def _fields(kind: type, settled: bool) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields to be kept, by name, and what reads all of them from a row."""
    names = tuple(each.name for each in dataclasses.fields(kind))
    if settled:
        names = tuple(name for name in names if name in kind.KEPT_WHEN_SETTLED)  # type: ignore[attr-defined]
    read = attrgetter(*names)
    return names, read if len(names) > 1 else lambda row: (read(row),)


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False, default=_bare)


def _reviver(kind: Any) -> Revive:
    """What makes a value of this type from parsed JSON."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        (inner,) = (each for each in arguments if each is not NoneType)
        return _optional(_reviver(inner))
    if origin is list:
        return _each(_reviver(arguments[0]))
    if origin is dict:
        return _by_key(arguments[0], _reviver(arguments[1]))
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, {name: _reviver(hint) for name, hint in get_type_hints(kind).items()})
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return _named_tuple(kind, [_reviver(hint) for hint in get_type_hints(kind).values()])
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _optional(inner: Revive) -> Revive:
    return lambda value: None if value is None else inner(value)


def _each(inner: Revive) -> Revive:
    if inner is _as_it_is:
        return _as_it_is
    return lambda values: [inner(value) for value in values]


def _by_key(key: Revive, inner: Revive) -> Revive:
    if key is str and inner is _as_it_is:
        return _as_it_is
    return lambda values: {key(name): inner(value) for name, value in values.items()}


def _dataclass(kind: Any, revivers: Mapping[str, Revive]) -> Revive:
    changing = [(name, revive) for name, revive in revivers.items() if revive is not _as_it_is]

    def revived(values: dict[str, Any]) -> Any:
        for name, revive in changing:
            if name in values:
                values[name] = revive(values[name])
        return kind(**values)

    return revived


def _named_tuple(kind: Any, revivers: list[Revive]) -> Revive:
    if all(revive is _as_it_is for revive in revivers):
        return lambda values: kind(*values)
    return lambda values: kind(*(revive(value) for revive, value in zip(revivers, values, strict=True)))
