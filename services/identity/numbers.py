"""Canonical customer numbers, as state is keyed by them ("key state on canonical wa_id", Cloud API)."""

import re
from unicodedata import digit, normalize

from services.identity.trunk_zero import without_trunk_zero

DIGITS_MIN = 8
DIGITS_MAX = 15
TEXT_MAX = 64
"""Characters of the longest text that is looked at."""
_SEPARATORS = re.compile(
    r"[\s().\-/_"
    r"\u2010-\u2015\u2212\u30fc"  # dashes
    r"\u00b7\u2022\u2027\u2219\u22c5\u30fb"  # dots and bullets
    r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"  # invisible marks, of direction and others
)
"""What people and address books put between digits."""
_SCHEME = re.compile(r"\A\s*tel:", re.IGNORECASE)
_BRAZIL_OLD_MOBILE = re.compile(r"55(\d{2})([6-9]\d{7})")
_MEXICO_OLD_MOBILE = re.compile(r"521(\d{10})")


class BadNumber(ValueError):
    """The text is not an international phone number."""


def canonical_number(text: str) -> str:
    """The digits of the E.164 number: ``+1 (650) 555-1234`` gives ``16505551234``.

    A leading ``tel:``, ``+`` or ``00`` and separators are dropped, and so is the ``(0)`` that some write
    after a country code. Digits, brackets and signs of other scripts and widths count as what they stand
    for. 8 to 15 digits are taken as international. A Brazilian mobile gets its ninth digit, Mexico loses the
    1 after 52. The canonical form of a canonical number is itself. Raises :class:`BadNumber`.
    """
    if len(text) > TEXT_MAX:
        raise BadNumber(f"{len(text)} characters are no phone number")
    plain = text
    if not plain.isascii():
        plain = "".join(str(digit(each, each)) for each in normalize("NFKC", text))
    plain = _SCHEME.sub("", plain)
    if "(" in plain and (stripped := without_trunk_zero(plain)) != plain:
        if stripped is None:
            raise BadNumber(f"{text!a} is not a phone number: (0) may stand after a country code only")
        plain = stripped
    digits = _SEPARATORS.sub("", plain)
    digits = digits[1:] if digits.startswith("+") else digits.removeprefix("00")
    if not (digits.isascii() and digits.isdigit() and DIGITS_MIN <= len(digits) <= DIGITS_MAX):
        raise BadNumber(
            f"{text!a} is not a phone number: {DIGITS_MIN} to {DIGITS_MAX} digits with country code"
        )
    if digits.startswith("0"):
        raise BadNumber(f"{text!a} is not a phone number: a country code never begins with 0")
    if match := _BRAZIL_OLD_MOBILE.fullmatch(digits):
        return f"55{match[1]}9{match[2]}"
    if match := _MEXICO_OLD_MOBILE.fullmatch(digits):
        return f"52{match[1]}"
    return digits
