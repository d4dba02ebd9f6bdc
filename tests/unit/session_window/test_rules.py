"""The rule book of the customer service window, as tables with exact instants."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.window.v1 import window_row_pb2
from services.session_window.rules import (
    CLOSING_SOON_MS,
    HOUR_MS,
    REMEMBERED_MS,
    CustomerMessage,
    News,
    Told,
    Window,
    customer_wrote,
    is_forgotten,
    is_open,
    news_of_message,
    news_of_time,
    next_look_at_ms,
)


def instant(text: str) -> int:
    """Unix milliseconds of a time of day in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


def message(message_id: str, written: str, *, by_entry_point: bool = False) -> CustomerMessage:
    return CustomerMessage(message_id, instant(written), by_entry_point)


def after(*messages: CustomerMessage) -> Window:
    window = None
    for each in messages:
        window = customer_wrote(window, each)
    assert window is not None
    return window


@pytest.mark.parametrize(
    ("customer_wrote_at", "accepted", "is_free"),
    [
        ("2026-03-02 12:00:00", "2026-03-02 12:00:00", True),
        ("2026-03-02 12:00:00", "2026-03-03 11:59:59.999", True),
        ("2026-03-02 12:00:00", "2026-03-03 12:00:00.000", False),
        ("2026-03-02 12:00:00", "2026-03-03 12:00:00.001", False),
        ("2026-03-02 12:00:00.250", "2026-03-03 12:00:00.249", True),
        ("2026-03-02 12:00:00.250", "2026-03-03 12:00:00.250", False),
        ("2028-02-28 23:30:00", "2028-02-29 23:29:59.999", True),
        ("2028-02-28 23:30:00", "2028-02-29 23:30:00.000", False),
        ("2028-02-29 00:00:00", "2028-03-01 00:00:00.000", False),
        ("2027-02-28 23:30:00", "2027-03-01 23:29:59.999", True),
        ("2026-12-31 23:59:59", "2027-01-01 23:59:58.999", True),
        ("2026-12-31 23:59:59", "2027-01-01 23:59:59.000", False),
        # Clocks change in Berlin on this night: the window is 24 hours all the same.
        ("2026-03-28 22:00:00", "2026-03-29 21:59:59.999", True),
        ("2026-03-28 22:00:00", "2026-03-29 22:00:00.000", False),
        # The clock of the ingress that took the reply was behind the one that took the message.
        ("2026-03-02 12:00:00", "2026-03-02 11:59:58", True),
    ],
)
def test_open_for_24_hours_from_the_last_message(
    customer_wrote_at: str, accepted: str, is_free: bool
) -> None:
    assert is_open(instant(customer_wrote_at), instant(accepted)) is is_free


@pytest.mark.parametrize(
    ("then", "opened_by", "last"),
    [
        ("2026-03-02 12:00:00.001", "first", "then"),
        ("2026-03-03 11:59:59.999", "first", "then"),
        ("2026-03-03 12:00:00.000", "then", "then"),
        ("2026-03-09 12:00:00.000", "then", "then"),
        ("2026-03-02 12:00:00.000", "first", "first"),
        ("2026-03-02 11:59:59.999", "first", "first"),
        ("2026-02-20 12:00:00.000", "first", "first"),
    ],
)
def test_a_second_message_extends_opens_or_moves_nothing(then: str, opened_by: str, last: str) -> None:
    window = after(message("first", "2026-03-02 12:00:00"), message("then", then))
    assert (window.opened_by, window.last_message_id) == (opened_by, last)


@pytest.mark.parametrize(
    ("told", "then", "news"),
    [
        (Told.OPEN, "2026-03-03 11:59:59.999", [(News.EXTENDED, "first")]),
        (Told.CLOSING_SOON, "2026-03-03 11:59:59.999", [(News.EXTENDED, "first")]),
        (Told.CLOSED, "2026-03-03 11:59:59.999", [(News.OPENED, "first")]),
        (Told.OPEN, "2026-03-03 12:00:00.000", [(News.CLOSED, "first"), (News.OPENED, "then")]),
        (Told.CLOSING_SOON, "2026-03-03 12:00:00.000", [(News.CLOSED, "first"), (News.OPENED, "then")]),
        (Told.CLOSED, "2026-03-03 12:00:00.000", [(News.OPENED, "then")]),
        (Told.OPEN, "2026-03-02 12:00:00.000", []),
        (Told.CLOSED, "2026-03-02 12:00:00.000", []),
        (Told.CLOSED, "2026-03-01 12:00:00.000", []),
    ],
)
def test_news_of_a_second_message(told: Told, then: str, news: list[tuple[News, str]]) -> None:
    before = after(message("first", "2026-03-02 12:00:00"))._replace(told=told)
    window = customer_wrote(before, message("then", then))
    assert [(each, of.opened_by) for each, of in news_of_message(before, window)] == news
    assert window.told == (Told.OPEN if news else told)


@pytest.mark.parametrize(
    ("told", "now", "news"),
    [
        (Told.OPEN, "2026-03-03 09:59:59.999", None),
        (Told.OPEN, "2026-03-03 10:00:00.000", News.CLOSING_SOON),
        (Told.CLOSING_SOON, "2026-03-03 11:59:59.999", None),
        (Told.CLOSING_SOON, "2026-03-03 12:00:00.000", News.CLOSED),
        (Told.OPEN, "2026-03-03 12:00:00.000", News.CLOSED),
        (Told.CLOSED, "2026-03-03 12:00:00.000", None),
        (Told.CLOSED, "2026-03-20 12:00:00.000", None),
    ],
)
def test_news_of_time(told: Told, now: str, news: News | None) -> None:
    window = after(message("first", "2026-03-02 12:00:00"))._replace(told=told)
    assert news_of_time(window, instant(now), CLOSING_SOON_MS) == news


@pytest.mark.parametrize(
    ("told", "looked_at"),
    [
        (Told.OPEN, "2026-03-03 10:00:00"),
        (Told.CLOSING_SOON, "2026-03-03 12:00:00"),
        (Told.CLOSED, "2026-03-10 12:00:00"),
    ],
)
def test_looked_at_when_there_may_be_news(told: Told, looked_at: str) -> None:
    window = after(message("first", "2026-03-02 12:00:00"))._replace(told=told)
    assert next_look_at_ms(window, CLOSING_SOON_MS) == instant(looked_at)


def test_forgotten_seven_days_after_it_was_told_to_be_closed() -> None:
    window = after(message("first", "2026-03-02 12:00:00"))._replace(told=Told.CLOSED)
    assert not is_forgotten(window, instant("2026-03-10 11:59:59.999"))
    assert is_forgotten(window, instant("2026-03-10 12:00:00.000"))
    assert not is_forgotten(window._replace(told=Told.OPEN), window.closes_at_ms + REMEMBERED_MS)


def test_the_newest_entry_point_stays_as_evidence() -> None:
    window = after(
        message("ad", "2026-03-02 12:00:00", by_entry_point=True),
        message("plain", "2026-03-05 12:00:00"),
        message("older ad", "2026-03-01 12:00:00", by_entry_point=True),
    )
    assert (window.last_message_id, window.entry_point_id) == ("plain", "ad")
    window = customer_wrote(window, message("late ad", "2026-03-04 12:00:00", by_entry_point=True))
    assert (window.last_message_id, window.entry_point_id) == ("plain", "late ad")
    assert window.entry_point_at_ms == instant("2026-03-04 12:00:00")


@given(st.lists(st.integers(0, 120), min_size=1, max_size=5, unique=True))
def test_the_order_of_arrival_does_not_move_the_end(hours: list[int]) -> None:
    messages = [CustomerMessage(f"m{hour}", 1 + hour * HOUR_MS, hour % 3 == 0) for hour in hours]
    ends = {
        (w.last_message_id, w.closes_at_ms, w.entry_point_id)
        for order in permutations(messages)
        for w in [after(*order)]
    }
    assert len(ends) == 1


def test_what_was_told_is_stored_under_the_same_numbers() -> None:
    stored = {name.removeprefix("REPORTED_"): number for name, number in window_row_pb2.Reported.items()}
    assert {told.name: int(told) for told in Told if told} == {
        name: number for name, number in stored.items() if number
    }
