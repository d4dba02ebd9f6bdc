"""What `--since` takes."""

import pytest

from services.admin.since import BadSince, since_ms

NOON_MS = 1_791_547_200_000  # 2026-10-09T12:00:00Z
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-09T12:00:00Z", NOON_MS),
        ("2026-10-09T11:59:59.999Z", NOON_MS - 1),
        ("2026-10-09T14:00:00+02:00", NOON_MS),
        ("2026-10-09T12:00:00", NOON_MS),
        ("2026-10-09", NOON_MS - 12 * HOUR_MS),
        ("30s", NOON_MS - 30_000),
        ("90m", NOON_MS - 90 * 60_000),
        ("36h", NOON_MS - 36 * HOUR_MS),
        ("2d", NOON_MS - 48 * HOUR_MS),
    ],
)
def test_times_and_ages(text: str, expected: int) -> None:
    assert since_ms(text, NOON_MS) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("yesterday", "neither a time"),
        ("", "neither a time"),
        ("0m", "neither a time"),
        ("-5m", "neither a time"),
        ("5w", "neither a time"),
        ("2026-13-01", "neither a time"),
        ("2026-10-09T12:00:01Z", "future"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadSince, match=says):
        since_ms(text, NOON_MS)
