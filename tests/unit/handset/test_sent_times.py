"""The time of a message is that of its first try that may have been written."""

from services.delivery.handset.sent_times import KNOWN_MAX, KNOWN_MS, SentTimes


def test_a_repeat_has_the_time_of_the_first() -> None:
    times = SentTimes()
    assert times.first("m1", 10, now_ms=100) == 10
    assert times.first("m1", 90, now_ms=101) == 10
    times.written("m1", 10, now_ms=102)
    assert times.first("m1", 95, now_ms=100 + KNOWN_MS - 1) == 10
    assert times.first("m2", 95, now_ms=103) == 95


def test_what_was_not_written_is_dated_anew() -> None:
    times = SentTimes()
    times.first("m1", 10, now_ms=10)
    times.not_written("m1")
    assert times.first("m1", 20, now_ms=20) == 20


def test_what_may_be_written_keeps_its_time_whatever_fails_later() -> None:
    times = SentTimes()
    times.first("m1", 10, now_ms=10)
    times.written("m1", 10, now_ms=11)
    times.first("m1", 20, now_ms=20)
    times.not_written("m1")
    assert times.first("m1", 30, now_ms=30) == 10


def test_of_two_tries_at_once_the_one_that_is_written_counts() -> None:
    times = SentTimes()
    assert times.first("m1", 10, now_ms=10) == times.first("m1", 11, now_ms=11) == 10
    times.not_written("m1")
    times.written("m1", 10, now_ms=12)
    assert times.first("m1", 30, now_ms=30) == 10


def test_when_consent_may_know_it_no_more_it_is_another_message() -> None:
    times = SentTimes()
    times.first("m1", 10, now_ms=100)
    times.written("m1", 10, now_ms=100)
    assert times.first("m1", 500, now_ms=100 + KNOWN_MS) == 500


def test_only_so_many_are_known() -> None:
    times = SentTimes()
    for n in range(KNOWN_MAX + 1):
        times.first(f"m{n}", n, now_ms=n)
    assert times.first("m1", 0, now_ms=KNOWN_MAX) == 1
    assert times.first("m0", 99, now_ms=KNOWN_MAX) == 99
