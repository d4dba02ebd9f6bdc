"""Points in time as text: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(at_ms: int) -> str:
    """Unix milliseconds as ``2018-08-01T00:00:00.000Z``. Raises ``OverflowError`` beyond the year 9999."""
    instant = EPOCH + timedelta(milliseconds=at_ms)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
