"""Retry tiers, circuit, progress, signature: small rules, each as a table or a property."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.delivery.webhooks.circuit import Circuit, CircuitLimits
from services.delivery.webhooks.progress import Progress
from services.delivery.webhooks.signing import signature_256
from services.delivery.webhooks.tiers import NextTry, RetrySchedule

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
START = 1_750_000_000_000


def test_the_tries_of_36_hours() -> None:
    """Again after 1 s, 5 s, 30 s, 2 min, 10 min, 1 h, 6 h, then every 6 h until 36 hours are over."""
    schedule, tries, now, waits = RetrySchedule(), 1, START, []
    while (following := schedule.after(tries, START, now)) is not None:
        waits.append(following.due_at_ms - now)
        tries, now = tries + 1, following.due_at_ms
    first = [SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR]
    assert waits == first + [6 * HOUR] * 4
    assert now - START <= 36 * HOUR < now + 6 * HOUR - START


@pytest.mark.parametrize(
    ("tries", "now", "expected"),
    [
        (1, START, NextTry(1, START + 100)),
        (2, START + 100, NextTry(2, START + 300)),
        (3, START + 300, NextTry(2, START + 500)),
        (4, START + 800, NextTry(2, START + 1_000)),
        (4, START + 801, None),
    ],
)
def test_the_last_tier_repeats_until_the_end(tries: int, now: int, expected: NextTry | None) -> None:
    assert RetrySchedule((0.1, 0.2), 1.0).after(tries, START, now) == expected


@pytest.mark.parametrize("waits", [(), (1,) * 8, (1, 0), (-1,)])
def test_waits_that_cannot_be(waits: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="give 1 to 7 waits"):
        RetrySchedule(waits)


LIMITS = CircuitLimits(failures_max=3, open_seconds=5, open_seconds_max=15)


def opened(at: float = 0) -> Circuit:
    circuit = Circuit(LIMITS)
    for _ in range(3):
        assert circuit.permits(at)
        circuit.failed(at)
    return circuit


def test_a_circuit_opens_at_failures_in_a_row_only() -> None:
    circuit = Circuit(LIMITS)
    for outcome in (circuit.failed, circuit.failed):
        outcome(0)
    circuit.succeeded()
    for outcome in (circuit.failed, circuit.failed):
        outcome(0)
    assert circuit.permits(0)
    circuit.failed(0)
    assert not circuit.permits(0)


def test_an_open_circuit_lets_one_probe_through_when_its_time_is_over() -> None:
    circuit = opened()
    assert circuit.refuses(4.999)
    assert not circuit.refuses(5)
    assert circuit.permits(5)
    assert not circuit.permits(5), "one probe at a time"
    assert not circuit.refuses(5), "its outcome is awaited"
    circuit.succeeded()
    assert circuit.is_closed


def test_each_probe_that_fails_doubles_the_time_up_to_the_limit() -> None:
    circuit, now = opened(), 0.0
    for seconds in (5, 10, 15, 15):
        assert circuit.refuses(now + seconds - 0.001)
        now += seconds
        assert circuit.permits(now)
        circuit.failed(now)


def test_tries_that_began_before_it_opened_change_nothing() -> None:
    circuit = opened()
    circuit.failed(4)
    assert circuit.permits(5)


@given(st.permutations(range(8)), st.integers(0, 8))
def test_what_may_be_committed_lies_before_the_first_that_is_open(order: list[int], done: int) -> None:
    offsets = [10, 11, 13, 20, 21, 22, 40, 41]
    progress = Progress()
    for offset in offsets:
        progress.begin(offset)
    settled = {offsets[place] for place in order[:done]}
    for place in order[:done]:
        progress.settle(offsets[place])
    still_open = [offset for offset in offsets if offset not in settled]
    assert progress.first_open == (still_open[0] if still_open else None)
    assert len(progress) == len(still_open)


def test_the_signature_is_that_of_the_contract() -> None:
    secret, body = b"app secret", bytes(range(256)) * 4
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert signature_256(secret, body) == f"sha256={expected}"
    assert (
        signature_256(b"key", b"The quick brown fox jumps over the lazy dog")
        == "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )
