"""The rate of a number: one second deep, shared by the replicas."""

import pytest

from services.ingress.errors import ApiError
from services.ingress.rate import NumberRates


class Seconds:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def admitted(rates: NumberRates, number: str, asked: int, own_rate: int = 0) -> int:
    """How many of so many messages at once are admitted."""
    count = 0
    for _ in range(asked):
        try:
            rates.admit(number, own_rate)
        except ApiError:
            continue
        count += 1
    return count


def test_the_rate_at_once_and_then_as_time_passes() -> None:
    seconds = Seconds()
    rates = NumberRates(80, 1, seconds)
    assert admitted(rates, "1", 100) == 80
    seconds.now += 0.25
    assert admitted(rates, "1", 100) == 20
    seconds.now += 3600
    assert admitted(rates, "1", 100) == 80


def test_a_steady_sender_at_the_rate_is_never_refused() -> None:
    seconds = Seconds()
    rates = NumberRates(80, 1, seconds)
    for _ in range(1000):
        assert admitted(rates, "1", 1) == 1
        seconds.now += 1 / 80


@pytest.mark.parametrize(
    ("rate", "replicas", "own_rate", "expected"),
    [(80, 1, 0, 80), (80, 2, 0, 40), (80, 1, 1000, 1000), (80, 4, 1000, 250), (1, 3, 0, 1)],
)
def test_each_replica_admits_its_share(rate: int, replicas: int, own_rate: int, expected: int) -> None:
    assert admitted(NumberRates(rate, replicas, Seconds()), "1", 2000, own_rate) == expected


def test_numbers_do_not_share() -> None:
    rates = NumberRates(5, 1, Seconds())
    assert admitted(rates, "1", 10) == 5
    assert admitted(rates, "2", 10) == 5


@pytest.mark.parametrize(("rate", "replicas", "seconds"), [(80, 1, 1), (1, 1, 1), (1, 10, 10)])
def test_a_client_is_told_how_long_to_wait_in_whole_seconds(rate: int, replicas: int, seconds: int) -> None:
    clock = Seconds()
    rates = NumberRates(rate, replicas, clock)
    admitted(rates, "1", rate)
    with pytest.raises(ApiError) as refused:
        rates.admit("1", 0)
    assert refused.value.retry_after_seconds == seconds
    clock.now += seconds
    rates.admit("1", 0)
