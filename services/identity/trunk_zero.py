"""The ``(0)`` of ``+44 (0)20 7946 0958``: dialled inside the country, no part of the E.164 number."""

import re

import phonenumbers
from phonenumbers import PhoneMetadata

_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_DIGITS = re.compile(r"[0-9]+")


def without_trunk_zero(text: str) -> str | None:
    """The text without a ``(0)`` that follows its country code; None when it must not stand where it stands.

    Where calls inside a country do not begin with 0, as in Italy, a zero after the code is part of the
    number, and stays if that makes the number a valid one.
    """
    zero = _TRUNK_ZERO.search(text)
    if zero is None:
        return text
    before, after = text[: zero.start()], text[zero.end() :]
    code, rest = _digits(before).removeprefix("00"), _digits(after)
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code or 0), ())
    metadata = PhoneMetadata.metadata_for_region(regions[0], None) if regions else None
    if metadata is None or _TRUNK_ZERO.search(after):
        return None
    if metadata.national_prefix == "0":
        return before + after
    return f"{before}0{after}" if _is_valid(f"+{code}0{rest}") else None


def _digits(text: str) -> str:
    return "".join(_DIGITS.findall(text))


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
