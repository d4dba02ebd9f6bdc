"""Canonical customer numbers, as state is keyed by them ("key state on canonical wa_id", Cloud API)."""

import re
from unicodedata import digit, normalize

DIGITS_MIN = 8
DIGITS_MAX = 15
TEXT_MAX = 64
"""Characters of the longest text that is looked at."""
_SEPARATORS = re.compile(r"[\s().\-/\u00ad\u200b-\u200f\u2010-\u2015\u2212\u202a-\u202e\u2060-\u2069\ufeff]")
"""What people and address books put between digits, marks of writing direction included."""
_BRAZIL_OLD_MOBILE = re.compile(r"55(\d{2})([6-9]\d{7})")
_MEXICO_OLD_MOBILE = re.compile(r"521(\d{10})")


class BadNumber(ValueError):
    """The text is not an international phone number."""


def canonical_number(text: str) -> str:
    """The digits of the E.164 number: ``+1 (650) 555-1234`` gives ``16505551234``.

    A leading ``+`` or ``00`` and separators are dropped, digits of other scripts read as digits; 8 to 15
    digits are taken as international. A Brazilian mobile gets its ninth digit, Mexico loses the 1 after 52.
    The canonical form of a canonical number is itself. Raises :class:`BadNumber`.
    """
    if len(text) > TEXT_MAX:
        raise BadNumber(f"{len(text)} characters are no phone number")
    digits = _SEPARATORS.sub("", text)
    if not digits.isascii():
        digits = "".join(str(digit(each, each)) for each in normalize("NFKC", digits))
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
