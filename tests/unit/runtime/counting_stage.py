"""A stage for the tests of the runtime: counts the messages of each conversation, and wakes when told to.

It borrows the topics and the row type of session-window. What a message shall do stands in its id:
``wake+<ms>`` sets a timer so long after the message's time, ``timer-bug+<ms>`` one on which the stage fails;
``invariant`` and ``bug`` fail, ``large`` writes too much, ``delete`` removes the row, ``trace`` answers
under :data:`OWN_TRACE`.
"""

from collections.abc import Iterable
from typing import cast

from google.protobuf.message import Message

from parley.consent.v1 import screened_pb2
from parley.window.v1 import window_row_pb2, windows_pb2
from services.contracts.catalogue import topic
from services.contracts.headers import headers_for
from services.runtime.batch import Pace
from services.runtime.record import VALUE_BYTES_MAX, Cause, Output, Record, emit
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen
from services.runtime.stage import InvariantBroken

WINDOWS = topic("windows")
INPUT_TOPIC = "parley.screened"
OWN_TRACE = b"00-own-own-01"


class CountingStage:
    """Row: ``opened_at_ms`` is the count, ``last_message_id`` the newest message."""

    name = "counting"
    rules_version = 2
    input = topic("screened")
    changelog = topic("session-window-changelog")
    pace = Pace(0)

    def apply(
        self,
        kind: str,  # noqa: ARG002 - there is one
        event: Message,
        cause: Cause,
        rows: Rows,
        settings: SettingsSeen,
    ) -> Iterable[Output]:
        """Count; a setting ``platform`` seen so far shows as the event's account."""
        message = cast("screened_pb2.CustomerMessageScreened", event)
        row = cast("window_row_pb2.WindowRow", rows.get(cause.key) or window_row_pb2.WindowRow())
        row.opened_at_ms += 1
        row.last_message_id = message.message_id
        what, _, after_ms = message.message_id.partition("+")
        if what in ("wake", "timer-bug"):
            row.wake_at_ms = message.sent_at_ms + int(after_ms)
        rows.put(cause.key, row)
        seen = settings.latest("platform")
        trace = OWN_TRACE if what == "trace" else None
        yield self._told(cause, row, f"v{seen.version}" if seen else "", trace)
        if what == "delete":
            rows.delete(cause.key)
        if what == "invariant":
            raise InvariantBroken("the message says so")
        if what == "bug":
            raise ZeroDivisionError("the message says so")
        if what == "large":
            yield Output(WINDOWS, cause.key, b"x" * (VALUE_BYTES_MAX + 1), [])

    def wake(self, row_key: bytes, cause: Cause, rows: Rows, _: SettingsSeen) -> Iterable[Output]:
        """Tell, and clear the timer."""
        row = cast("window_row_pb2.WindowRow", rows.get(row_key))
        if row.last_message_id.startswith("timer-bug"):
            raise ZeroDivisionError("the row says so")
        row.wake_at_ms = 0
        row.opened_by = f"woken by {cause.offset}"
        rows.put(row_key, row)
        yield self._told(cause, row, "woken")

    def _told(
        self, cause: Cause, row: window_row_pb2.WindowRow, account: str, trace: bytes | None = None
    ) -> Output:
        event = windows_pb2.WindowEvent(
            opened_at_ms=row.opened_at_ms,
            opened_by=f"{cause.partition}/{cause.offset}",
            last_message_id=row.last_message_id,
            account_id=account,
            opened=windows_pb2.WindowOpened(),
        )
        return emit(WINDOWS, cause.key, event, "opened", traceparent=trace)


def message(message_id: str, at_ms: int) -> screened_pb2.ScreenedEvent:
    """A customer's message."""
    return screened_pb2.ScreenedEvent(
        customer_message_screened=screened_pb2.CustomerMessageScreened(
            message_id=message_id, sent_at_ms=at_ms
        )
    )


def record(
    offset: int,
    message_id: str = "m",
    key: bytes = b"b:u",
    at_ms: int = 0,
    partition: int = 0,
    kind: str = "customer_message_screened",
) -> Record:
    """An input record; ``kind`` is what its header says."""
    event = message(message_id, at_ms)
    headers = headers_for(event, kind, message_id=message_id)
    return Record(INPUT_TOPIC, partition, offset, key, event.SerializeToString(), at_ms, headers)


def told(output: Output) -> tuple[int, str, str]:
    """Count, cause and account of an output."""
    event = windows_pb2.WindowEvent.FromString(output.value or b"")
    return event.opened_at_ms, event.opened_by, event.account_id
