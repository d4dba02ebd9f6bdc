"""The parameters that a template wants, by component, and the check of those that a request brings."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from parley.settings.v1.settings_pb2 import Template
from services.ingress.errors import ApiError

Place = tuple[str, int]
"""Component (``header``, ``body`` or ``button``) and, of a button, its position; else 0."""

_WORDS = frozenset({"text", "currency", "date_time"})
_HEADER_TYPES = {
    "IMAGE": frozenset({"image"}),
    "VIDEO": frozenset({"video"}),
    "DOCUMENT": frozenset({"document"}),
    "LOCATION": frozenset({"location"}),
}
_BUTTON_TYPES = {
    "QUICK_REPLY": frozenset({"payload"}),
    "URL": frozenset({"text"}),
    "OTP": frozenset({"text"}),
    "COPY_CODE": frozenset({"coupon_code"}),
    "FLOW": frozenset({"action"}),
    "CATALOG": frozenset({"action"}),
    "MPM": frozenset({"action"}),
}
_MAY_BE_LEFT_OUT = frozenset({"QUICK_REPLY", "FLOW", "CATALOG", "MPM"})
"""Buttons whose one parameter has a default."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one component wants."""

    least: int
    most: int
    types: frozenset[str] = _WORDS
    names: frozenset[str] = frozenset()
    """Names of the parameters; empty where they are positional."""


_NOTHING = Wanted(0, 0)


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """What each component of a template wants."""

    wanted: dict[Place, Wanted] = field(default_factory=dict)

    def check(self, given: dict[Place, list[dict[str, Any]]]) -> None:
        """Check the parameters of a request, whose members have been checked one by one.

        Raises ``ApiError`` 132000 for a wrong count, 132012 for a wrong type or name.
        """
        for place in self.wanted.keys() | given.keys():
            _check_component(place, self.wanted.get(place, _NOTHING), given.get(place, []))


def shape_of(template: Template) -> TemplateShape:
    """What a template wants: counts and names as the setting states them, types as its components imply."""
    wanted = {}
    for stated in template.parameters:
        names = frozenset(stated.names) if template.parameter_format == "NAMED" else frozenset()
        wanted[stated.component, stated.index] = Wanted(stated.count, stated.count, names=names)
    for place, implied in _implied(template.components_json):
        stated_count = wanted.get(place, implied)
        wanted[place] = Wanted(
            min(stated_count.least, implied.least), max(stated_count.most, implied.most), implied.types
        )
    return TemplateShape(wanted)


def _implied(components_json: bytes) -> Iterator[tuple[Place, Wanted]]:
    for component in _objects(_decoded(components_json)):
        kind = str(component.get("type")).upper()
        if kind == "HEADER" and (types := _HEADER_TYPES.get(str(component.get("format")).upper())):
            yield ("header", 0), Wanted(1, 1, types)
        elif kind == "BUTTONS":
            yield from _implied_by_buttons(component.get("buttons"))


def _implied_by_buttons(buttons: Any) -> Iterator[tuple[Place, Wanted]]:
    for index, button in enumerate(_objects(buttons)):
        kind = str(button.get("type")).upper()
        if types := _BUTTON_TYPES.get(kind):
            varies = kind in {"OTP", "COPY_CODE"} or "{{" in str(button.get("url"))
            yield ("button", index), Wanted(int(varies), int(varies or kind in _MAY_BE_LEFT_OUT), types)


def _decoded(components_json: bytes) -> Any:
    try:
        return json.loads(components_json)
    except ValueError:  # stated counts are all there is to go by
        return []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _check_component(place: Place, wanted: Wanted, given: list[dict[str, Any]]) -> None:
    where = f"{place[0]} {place[1]}" if place[0] == "button" else place[0]
    if not wanted.least <= len(given) <= wanted.most:
        raise ApiError(
            400, 132000, f"{where}: the template wants {wanted.most} parameters and {len(given)} were given."
        )
    for parameter in given:
        if parameter["type"] not in wanted.types:
            raise _mismatch(
                where,
                f"a parameter of type {parameter['type'][:40]!a}, not {sorted(wanted.types)}, was given",
            )
    names = [parameter.get("parameter_name") for parameter in given]
    if wanted.names and (set(names) != wanted.names or len(names) != len(wanted.names)):
        raise _mismatch(where, f"each of {sorted(wanted.names)} must be given once as parameter_name")
    if not wanted.names and any(names):
        raise _mismatch(where, "its parameters have no names: leave parameter_name out")


def _mismatch(where: str, problem: str) -> ApiError:
    return ApiError(400, 132012, f"{where}: {problem}.")
