"""The schedule: the same for the same seed, every kind in it, nobody struck while still struck."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.chaos.schedule import (
    BROKER_KINDS,
    GAP_SECONDS,
    ROLL_EVERY_SECONDS,
    SHORT_SECONDS,
    Kind,
    schedule,
)

MINUTES_10 = 600.0


def test_a_seed_gives_the_same_schedule_each_time() -> None:
    assert schedule(5, MINUTES_10) == schedule(5, MINUTES_10)
    assert schedule(5, MINUTES_10) != schedule(6, MINUTES_10)


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_comes_and_nobody_is_struck_while_still_struck(seed: int) -> None:
    strikes = schedule(seed, MINUTES_10)
    kinds = Counter(strike.kind for strike in strikes)
    assert kinds.keys() == set(Kind)
    assert kinds[Kind.ROLL] == MINUTES_10 // ROLL_EVERY_SECONDS + 1
    assert len(strikes) > MINUTES_10 / GAP_SECONDS / 2
    assert [strike.at_seconds for strike in strikes] == sorted(strike.at_seconds for strike in strikes)
    over: dict[str, float] = {}
    for strike in strikes:
        assert strike.at_seconds >= over.get(strike.target, 0)
        over[strike.target] = strike.at_seconds + strike.seconds


@pytest.mark.parametrize("seed", range(200))
def test_every_kind_comes_in_the_short_form_and_is_over_in_time(seed: int) -> None:
    strikes = schedule(seed, SHORT_SECONDS)
    assert {strike.kind for strike in strikes} == set(Kind)
    assert all(strike.at_seconds + strike.seconds <= SHORT_SECONDS for strike in strikes)


@pytest.mark.parametrize("seed", range(20))
def test_one_broker_is_away_at_a_time(seed: int) -> None:
    away = [strike for strike in schedule(seed, MINUTES_10) if strike.kind in BROKER_KINDS]
    for before, after in pairwise(away):
        assert before.at_seconds + before.seconds < after.at_seconds
