"""From the bytes of a request to its members: JSON, a form, or the query, whatever the client used."""

import json
import re
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl

from services.ingress.errors import invalid_parameter
from services.ingress.limits import NESTING_MAX, PARAMETERS_MAX

FORM = "application/x-www-form-urlencoded"

_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A whole string (or one that never ends), or a bracket outside of strings; never backtracks far."""


def members_of(body: bytes, content_type: str, others: dict[str, Any]) -> dict[str, Any]:
    """The members of a request: those of the body, and of ``others`` (the query) what the body does not have.

    Raises ``ApiError`` 100 for what cannot be read.
    """
    if not body or body.isspace():
        return others
    text = _utf8(body)
    # Some clients send JSON under a form's content type: curl does so by default.
    if not text.lstrip().startswith("{") and content_type.lower().startswith(FORM):
        return others | form_members(text, "The form")
    decoded = decode_json(text, "The request body")
    if not isinstance(decoded, dict):
        raise invalid_parameter("The request body must be a JSON object.")
    return others | decoded if others else decoded


def form_members(text: str, where: str) -> dict[str, Any]:
    """The parameters of a query or a form. Raises ``ApiError`` 100; ``where`` is what the text is called."""
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX, separator="&"
        )
        for name, value in pairs:
            (name + value).encode()
    except UnicodeError:
        raise invalid_parameter(f"{where} is not UTF-8.") from None
    except ValueError:
        raise invalid_parameter(f"{where} has more than {PARAMETERS_MAX} parameters.") from None
    return dict(pairs)


def decode_json(text: str, where: str) -> Any:
    """Decode JSON that nests at most ``NESTING_MAX`` deep and holds whole characters only.

    Numbers that are equal are decoded as equal. Raises ``ApiError`` 100; ``where`` is what the text is
    called.
    """
    if text.count("{") + text.count("[") > NESTING_MAX and _nesting(text) > NESTING_MAX:
        raise invalid_parameter(f"{where} nests deeper than {NESTING_MAX} levels.")
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:
            compact_json(value)
    except UnicodeEncodeError:
        raise invalid_parameter(f"{where} holds half of a surrogate pair.") from None
    except ValueError as error:
        raise invalid_parameter(f"{where} is not valid JSON: {_reason(error)}.") from None
    return value


def canonical_json(members: dict[str, Any]) -> bytes:
    """The same bytes for the same members, however the client ordered and spaced them."""
    return _CANONICAL.encode(members).encode()


def compact_json(value: Any) -> bytes:
    """UTF-8 without spaces, in the order of the members."""
    return _COMPACT.encode(value).encode()


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise invalid_parameter(f"The request body is not UTF-8: byte {error.start} is wrong.") from None


def _nesting(text: str) -> int:
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > NESTING_MAX:
                break
        elif mark in "]}":
            depth -= 1
    return deepest


def _number(text: str) -> float | int:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return int(number) if number.is_integer() else number


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return str(error).splitlines()[0][:100]


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_no_number)
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_CANONICAL = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
