"""A point in the past as operators write it: a time, or an age."""

import re
from datetime import UTC, datetime

_AGE = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class BadSince(ValueError):
    """The text is neither a time nor an age; one sentence that says what is."""


def since_ms(text: str, now_ms: int) -> int:
    """Unix milliseconds of ``2026-10-09T12:00:00Z`` (UTC where no zone is given) or of an age: ``90m``.

    Raises BadSince, also for what lies in the future.
    """
    age = _AGE.fullmatch(text)
    if age:
        return now_ms - int(age[1]) * _UNIT_MS[age[2]]
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadSince(
            f"{text!r} is neither a time such as 2026-10-09T12:00:00Z nor an age such as 90m, 36h or 2d"
        ) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    at_ms = round(instant.timestamp() * 1000)
    if at_ms > now_ms:
        raise BadSince(f"{text} lies in the future")
    return at_ms
