"""The stage session-window: what customers write moves windows, what businesses send is judged by them."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from google.protobuf.message import Message

from parley.billing.v1 import usage_pb2
from parley.consent.v1 import screened_pb2
from parley.message.v1 import facts_pb2
from parley.window.v1 import window_row_pb2, windows_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import business_key, conversation_key, split_conversation
from services.runtime.batch import Pace
from services.runtime.record import Cause, Output, emit
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen
from services.runtime.stage import InvariantBroken
from services.session_window.rules import (
    CLOSING_SOON_MS,
    WINDOW_MS,
    CustomerMessage,
    News,
    Told,
    Window,
    closes_at_ms,
    customer_wrote,
    is_forgotten,
    is_open,
    news_of_message,
    news_of_time,
    next_look_at_ms,
)

_USAGE = topic("usage")
_WINDOWS = topic("windows")
_MEMBERS: dict[News, dict[str, Any]] = {
    News.OPENED: {"opened": windows_pb2.WindowOpened()},
    News.EXTENDED: {"extended": windows_pb2.WindowExtended()},
    News.CLOSING_SOON: {"closing_soon": windows_pb2.WindowClosingSoon()},
    News.CLOSED: {"closed": windows_pb2.WindowClosed()},
}
_TOLD = tuple(Told)
_TOLD_AFTER = {News.CLOSING_SOON: Told.CLOSING_SOON, News.CLOSED: Told.CLOSED}


class SessionWindowStage:
    """Reads ``screened``, writes ``usage`` and ``windows``; one row for each conversation and number."""

    name = "session-window"
    rules_version = 1
    input = topic("screened")
    changelog = topic("session-window-changelog")
    pace = Pace()

    def __init__(self) -> None:
        self._judges: dict[str, Callable[[Any, Cause, Rows, SettingsSeen], Iterable[Output]]] = {
            "send_screened": self._send_screened,
            "customer_message_screened": self._customer_message_screened,
        }

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        """Judge a request by its window, or move a window by a customer's message."""
        return self._judges[kind](event, cause, rows, settings)

    def wake(self, row_key: bytes, cause: Cause, rows: Rows, settings: SettingsSeen) -> Iterable[Output]:
        """Tell what the passing of time makes of a window, and forget one that closed long ago."""
        row = cast("window_row_pb2.WindowRow", rows.get(row_key))
        window, now_ms = _window_of(row), cause.timestamp_ms
        if is_forgotten(window, now_ms):
            rows.delete(row_key)
            return []
        closing_soon_ms = _closing_soon_ms(row.account_id, now_ms, settings)
        news = news_of_time(window, now_ms, closing_soon_ms)
        if news is not None:
            window = window._replace(told=_TOLD_AFTER[news])
        rows.put(row_key, _row_of(window, row.account_id, closing_soon_ms))
        return [] if news is None else [_windows_event(news, window, row_key, row.account_id)]

    def _send_screened(
        self, event: screened_pb2.SendScreened, cause: Cause, rows: Rows, _: SettingsSeen
    ) -> Iterable[Output]:
        facts = event.facts
        _check_conversation(facts.business_id, facts.user_ref, cause.key)
        usage = usage_pb2.UsageEvent()
        assessed = usage.send_assessed
        assessed.facts.CopyFrom(facts)
        assessed.consent_id = event.consent_id
        row = cast("window_row_pb2.WindowRow | None", rows.get(_row_key(cause.key, facts.phone_number_id)))
        if row is None:
            assessed.window.SetInParent()
        else:
            _write_evidence(assessed.window, row, facts.accepted_at_ms)
        return [
            emit(
                _USAGE,
                business_key(facts.business_id),
                usage,
                "send_assessed",
                message_id=facts.message_id,
                conversation=cause.key,
            )
        ]

    def _customer_message_screened(
        self, event: screened_pb2.CustomerMessageScreened, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        _check_conversation(event.business_id, event.user_ref, cause.key)
        row_key = _row_key(cause.key, event.phone_number_id)
        row = cast("window_row_pb2.WindowRow | None", rows.get(row_key))
        before = None if row is None else _window_of(row)
        after = customer_wrote(before, CustomerMessage(event.message_id, event.sent_at_ms, event.entry_point))
        if after != before:
            closing_soon_ms = _closing_soon_ms(event.account_id, cause.timestamp_ms, settings)
            rows.put(row_key, _row_of(after, event.account_id, closing_soon_ms))
        return [
            _windows_event(news, window, row_key, event.account_id)
            for news, window in news_of_message(before, after)
        ]


def _row_key(conversation: bytes, phone_number_id: str) -> bytes:
    return conversation + b"/" + phone_number_id.encode()


def _check_conversation(business_id: str, user_ref: str, key: bytes) -> None:
    if conversation_key(business_id, user_ref) != key:
        raise InvariantBroken(f"a record of {business_id}:{user_ref} lies under the key {key!r}")


def _closing_soon_ms(account_id: str, at_ms: int, settings: SettingsSeen) -> int:
    setting = settings.in_force(f"account/{account_id}", at_ms)
    seconds = setting.account.closing_soon_seconds if setting is not None else 0
    return min(seconds * 1_000, WINDOW_MS) or CLOSING_SOON_MS


def _window_of(row: window_row_pb2.WindowRow) -> Window:
    return Window(
        row.opened_by,
        row.opened_at_ms,
        row.last_message_id,
        row.last_message_at_ms,
        row.entry_point_message_id,
        row.entry_point_at_ms,
        _TOLD[row.reported],
    )


def _row_of(window: Window, account_id: str, closing_soon_ms: int) -> window_row_pb2.WindowRow:
    return window_row_pb2.WindowRow(
        wake_at_ms=next_look_at_ms(window, closing_soon_ms),
        opened_by=window.opened_by,
        opened_at_ms=window.opened_at_ms,
        last_message_id=window.last_message_id,
        last_message_at_ms=window.last_message_at_ms,
        entry_point_message_id=window.entry_point_id,
        entry_point_at_ms=window.entry_point_at_ms,
        reported=window.told,  # type: ignore[arg-type]
        account_id=account_id,
    )


def _write_evidence(
    evidence: facts_pb2.WindowEvidence, row: window_row_pb2.WindowRow, accepted_at_ms: int
) -> None:
    """Filled in place, since this runs for every message that a business sends."""
    evidence.open = is_open(row.last_message_at_ms, accepted_at_ms)
    evidence.opened_by = row.opened_by
    evidence.opened_at_ms = row.opened_at_ms
    evidence.last_message_id = row.last_message_id
    evidence.last_message_at_ms = row.last_message_at_ms
    evidence.closes_at_ms = closes_at_ms(row.last_message_at_ms)
    evidence.entry_point_message_id = row.entry_point_message_id
    evidence.entry_point_at_ms = row.entry_point_at_ms


def _windows_event(news: News, window: Window, row_key: bytes, account_id: str) -> Output:
    conversation, _, phone_number_id = row_key.rpartition(b"/")
    business_id, user_ref = split_conversation(conversation)
    member = _MEMBERS[news]
    event = windows_pb2.WindowEvent(
        business_id=business_id,
        account_id=account_id,
        phone_number_id=phone_number_id.decode(),
        user_ref=user_ref,
        opened_by=window.opened_by,
        opened_at_ms=window.opened_at_ms,
        last_message_id=window.last_message_id,
        closes_at_ms=window.closes_at_ms,
        **member,
    )
    return emit(_WINDOWS, conversation, event, next(iter(member)), message_id=window.last_message_id)
