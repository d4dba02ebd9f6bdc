"""Members of a request, read as real clients write them.

An explicit null counts as missing. An object or array may come as a string of JSON, and a flag as a word,
since forms and some clients write them so. Each function returns None for what is missing and raises
``ApiError`` 100 for a wrong type; ``where`` is what the member is called in that error.
"""

from typing import Any

from services.ingress.decode import decode_json
from services.ingress.errors import invalid_parameter

Members = dict[str, Any]

_FLAGS = {"true": True, "false": False}


def string(members: Members, name: str, where: str) -> str | None:
    """A string."""
    value = members.get(name)
    if value is None or isinstance(value, str):
        return value
    raise invalid_parameter(f"{where} must be a string.")


def mapping(members: Members, name: str, where: str) -> Members | None:
    """An object."""
    value = members.get(name)
    if isinstance(value, str):
        value = decode_json(value, where)
    if value is None or isinstance(value, dict):
        return value
    raise invalid_parameter(f"{where} must be an object.")


def array(members: Members, name: str, where: str) -> list[Any] | None:
    """An array."""
    value = members.get(name)
    if isinstance(value, str):
        value = decode_json(value, where)
    if value is None or isinstance(value, list):
        return value
    raise invalid_parameter(f"{where} must be an array.")


def flag(members: Members, name: str, where: str) -> bool | None:
    """True or false."""
    value = members.get(name)
    if isinstance(value, str):
        value = _FLAGS.get(value, value)
    if value is None or isinstance(value, bool):
        return value
    raise invalid_parameter(f"{where} must be true or false.")
