"""How often delivery is told that a customer is back."""

import pytest

from services.delivery.handset.limits import HandsetLimits
from services.delivery.handset.pace import Pace

A, B = b"1:u1_a", b"2:u1_a"
LIMITS = HandsetLimits(reconnect_pace_seconds=0.25, reattempts_burst=2_000, reattempts_per_second=50.0)


@pytest.fixture
def pace() -> Pace:
    return Pace(LIMITS)


def test_a_conversation_is_told_of_once_in_a_quarter_of_a_second(pace: Pace) -> None:
    assert pace.wait_seconds("u1_a", A, 10.0) == 0
    pace.told("u1_a", A, 1, 10.0)
    assert pace.wait_seconds("u1_a", A, 10.0) == 0.25
    assert pace.wait_seconds("u1_a", B, 10.0) == 0
    assert pace.wait_seconds("u1_a", A, 10.25) == 0


def test_a_thousand_unacknowledged_messages_come_again_at_the_rate(pace: Pace) -> None:
    """A device that reconnects as fast as it may, for ten minutes."""
    now, emitted = 0.0, 0
    while now < 600:
        now += pace.wait_seconds("u1_a", A, now)
        pace.told("u1_a", A, 1_000, now)
        emitted += 1_000
        assert emitted <= 2_000 + 1_000 + 50 * now
    assert emitted >= 50 * 600


def test_the_debt_is_the_customers_over_all_conversations(pace: Pace) -> None:
    pace.told("u1_a", A, 1_000, 0.0)
    pace.told("u1_a", B, 1_500, 0.0)
    assert pace.wait_seconds("u1_a", A, 1.0) == pytest.approx(500 / 50 - 1)
    assert pace.wait_seconds("u1_b", B, 1.0) == 0


def test_who_acknowledges_what_is_shown_never_waits(pace: Pace) -> None:
    for n in range(100):
        now = 0.25 * n
        assert pace.wait_seconds("u1_a", A, now) == 0
        pace.told("u1_a", A, 1_000, now)
        for _ in range(1_000):
            pace.ended("u1_a", now)


def test_a_few_unacknowledged_messages_never_wait_longer_than_the_least_time(pace: Pace) -> None:
    for n in range(1_000):
        assert pace.wait_seconds("u1_a", A, 0.25 * n) == 0
        pace.told("u1_a", A, 12, 0.25 * n)


def test_what_no_longer_matters_is_forgotten(pace: Pace) -> None:
    for n in range(100):
        pace.told(f"u1_{n}", b"1:u1_%d" % n, 10, now=float(n))
    assert pace.customers_known == 1


def test_only_so_many_customers_are_known() -> None:
    pace = Pace(LIMITS, customers_max=2)
    for name in ("u1_a", "u1_b", "u1_c"):
        pace.told(name, A, 3_000, now=0.0)
    assert [pace.wait_seconds(name, B, 0.0) for name in ("u1_a", "u1_b", "u1_c")] == [0, 20, 20]
