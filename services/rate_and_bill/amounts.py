"""Amounts of money between text and whole micros, exactly: no float ever stands in between."""

from re import compile as pattern

MICROS = 1_000_000
"""Millionths of a currency's unit."""
DECIMALS_MAX = 6
DECIMALS_SHOWN_MIN = 2
_AMOUNT = pattern(r"([0-9]{1,12})(?:\.([0-9]+))?")


class AmountInvalid(ValueError):
    """The text is no amount that can be kept exactly; the sentence says what to write."""


def micros_of(text: str) -> int:
    """Micros of a decimal text such as ``0.0147``. Raises :class:`AmountInvalid`."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        if text.startswith("-"):
            raise AmountInvalid(f"{text} is negative: a price is 0 or more")
        raise AmountInvalid(f"{text!r} is no amount: write digits and a point, such as 0.0147")
    fraction = (match[2] or "").rstrip("0")
    if len(fraction) > DECIMALS_MAX:
        raise AmountInvalid(f"{text} has more than six decimals and cannot be kept exactly: round it")
    return int(match[1]) * MICROS + int(fraction.ljust(DECIMALS_MAX, "0"))


def amount_text(micros: int) -> str:
    """Micros as people read them: ``-0.0147``, ``12.50``; two decimals at least."""
    whole, fraction = divmod(abs(micros), MICROS)
    decimals = f"{fraction:06d}".rstrip("0").ljust(DECIMALS_SHOWN_MIN, "0")
    return f"{'-' if micros < 0 else ''}{whole}.{decimals}"
