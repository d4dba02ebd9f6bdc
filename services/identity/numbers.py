"""Canonical customer numbers, as state is keyed by them ("key state on canonical wa_id", Cloud API)."""

import re

DIGITS_MIN = 8
DIGITS_MAX = 15
_SEPARATORS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_BRAZIL_OLD_MOBILE = re.compile(r"55(\d{2})([6-9]\d{7})")
_MEXICO_OLD_MOBILE = re.compile(r"521(\d{10})")


class BadNumber(ValueError):
    """The text is not an international phone number."""


def canonical_number(text: str) -> str:
    """The digits of the E.164 number: ``+1 (650) 555-1234`` gives ``16505551234``.

    A leading ``+`` or ``00`` and separators are dropped; 8 to 15 digits are taken as international. A
    Brazilian mobile gets its ninth digit, Mexico loses the 1 after 52. Raises :class:`BadNumber`.
    """
    digits = _SEPARATORS.sub("", text.strip())
    digits = digits[1:] if digits.startswith("+") else digits.removeprefix("00")
    if not (digits.isascii() and digits.isdigit() and DIGITS_MIN <= len(digits) <= DIGITS_MAX):
        raise BadNumber(
            f"{text[:40]!r} is not a phone number: {DIGITS_MIN} to {DIGITS_MAX} digits with country code"
        )
    if digits.startswith("0"):
        raise BadNumber(f"{text[:40]!r} is not a phone number: a country code never begins with 0")
    if match := _BRAZIL_OLD_MOBILE.fullmatch(digits):
        return f"55{match[1]}9{match[2]}"
    if match := _MEXICO_OLD_MOBILE.fullmatch(digits):
        return f"52{match[1]}"
    return digits
