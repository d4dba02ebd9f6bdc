"""What the counting stage must have made of its input: worked out anew, from the input alone."""

from collections.abc import Container, Iterable
from typing import NamedTuple

from parley.consent.v1 import screened_pb2
from parley.window.v1 import window_row_pb2
from tests.integration.reading import Found


class Told(NamedTuple):
    """One output of the counting stage."""

    cause: str
    """Input partition and offset, as ``0/17``."""
    key: bytes
    nth: int
    """How many messages of the conversation it counts."""
    account: str
    """``woken`` for a timer."""
    at_ms: int


class Expected(NamedTuple):
    """The effect of some records of one partition."""

    told: list[Told]
    rows: dict[bytes, window_row_pb2.WindowRow]
    stage_time_ms: int


def expected(records: Iterable[Found], set_aside: Container[int] = ()) -> Expected:
    """The effect of records in this order; those at the offsets ``set_aside`` only let time pass."""
    told: list[Told] = []
    rows: dict[bytes, window_row_pb2.WindowRow] = {}
    wakes: dict[bytes, int] = {}
    now_ms = 0
    for record in records:
        now_ms = max(now_ms, record.timestamp_ms)
        cause = f"{record.partition}/{record.offset}"
        for _, key in sorted((at_ms, key) for key, at_ms in wakes.items() if at_ms <= now_ms):
            del wakes[key]
            row = rows[key]
            row.wake_at_ms, row.opened_by = 0, f"woken by {record.offset}"
            told.append(Told(cause, key, row.opened_at_ms, "woken", now_ms))
        if record.offset in set_aside:
            continue
        event = screened_pb2.ScreenedEvent.FromString(record.value or b"")
        if event.WhichOneof("event") == "customer_message_screened":
            message = event.customer_message_screened
            row = rows.setdefault(record.key, window_row_pb2.WindowRow())
            row.opened_at_ms += 1
            row.last_message_id = message.message_id
            what, _, after_ms = message.message_id.partition("+")
            if what == "wake":
                row.wake_at_ms = wakes[record.key] = message.sent_at_ms + int(after_ms)
            told.append(Told(cause, record.key, row.opened_at_ms, "", record.timestamp_ms))
            if what == "delete":
                del rows[record.key]
                wakes.pop(record.key, None)
    return Expected(told, rows, now_ms)
