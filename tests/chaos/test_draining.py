"""A run that is not drained has failed, and says of what."""

from collections import Counter
from dataclasses import dataclass

from tests.chaos.chaos import Outcome
from tests.chaos.draining import Heard, drain
from tests.chaos.load.told import Told
from tests.chaos.recorded import Recorded


@dataclass
class Person:
    has_been_heard: bool


async def drained(left: dict[str, int], *heard: bool) -> list[str]:
    customers: list[Heard] = [Person(each) for each in heard]
    still = await drain(lambda: dict(left), customers, lambda _: None, seconds_max=0)
    return Outcome(Counter(), [], Counter(), Told(), Recorded(), still).violations


async def test_nothing_left_is_no_violation() -> None:
    assert await drained({}, True) == []


async def test_the_lag_of_a_group_is_a_violation() -> None:
    assert await drained({"lag of consent": 3}) == ["not drained: lag of consent 3"]


async def test_a_customer_who_was_not_heard_is_a_violation() -> None:
    assert await drained({}, True, False) == ["not drained: customers not heard 1"]
