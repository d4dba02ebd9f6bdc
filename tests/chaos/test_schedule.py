"""The schedule: the same for the same seed, every kind in it, nobody struck while still struck."""

from collections import Counter

import pytest

from tests.chaos.schedule import GAP_SECONDS, ROLL_EVERY_SECONDS, WAYS, Kind, schedule

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


def test_a_short_run_takes_each_kind_once_before_any_comes_again() -> None:
    strikes = [strike for strike in schedule(3, 40.0) if strike.kind is not Kind.ROLL]
    assert 0 < len(strikes) <= len(WAYS)
    assert len({strike.kind for strike in strikes}) == len(strikes)
