"""One endpoint: what it spares, in which tier that waits, and how it drains once the endpoint is back."""

import pytest

from services.delivery.webhooks.endpoint import EndpointLimits
from services.delivery.webhooks.failures import EndpointFailed
from services.delivery.webhooks.tiers import NextTry, RetrySchedule
from tests.unit.webhooks.tiers_rig import START_MS, Rig, until

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
AT_ONCE = 0.000_001
"""Seconds after which an open circuit lets a probe through."""


async def test_what_an_open_circuit_spares_keeps_its_tries_and_comes_soon() -> None:
    rig = Rig()
    await rig.fail()
    for number, tries in enumerate((0, 1, 5, 6)):
        rig.offer(number, tries)
    await until(lambda: len(rig.settled) == 4)
    assert not rig.courier.begun
    updates = [deferred.update for deferred in rig.topics.deferred]
    assert [update.tries for update in updates] == [0, 1, 5, 6]
    assert [update.due_at_ms - START_MS for update in updates] == [SECOND] + [10 * MINUTE] * 3
    assert [update.first_tried_at_ms for update in updates] == [START_MS] + [START_MS - 10_000_000] * 3


async def test_a_failed_try_climbs_one_tier() -> None:
    rig = Rig()
    rig.courier.failure = EndpointFailed("the endpoint answered 500")
    rig.courier.open()
    for number in range(2):
        rig.offer(number, tries=number * 5)
    await until(lambda: len(rig.settled) == 2)
    assert [(name, update.tries) for name, update in rig.topics.deferred] == [
        ("webhook-retry-1", 1),
        ("webhook-retry-6", 6),
    ]


async def test_when_the_endpoint_is_back_what_comes_is_brought_and_nothing_climbs() -> None:
    """Half-open, healthy again, 100 retries at once: one is the probe, the others wait for its outcome."""
    rig = Rig(open_seconds=AT_ONCE)
    await rig.fail()
    rig.courier.failure = None
    for number in range(100):
        rig.offer(number, tries=5)
    await until(lambda: len(rig.courier.begun) == 1)
    rig.courier.open()
    await until(lambda: len(rig.settled) == 100)
    assert not rig.topics.deferred
    assert rig.courier.begun[:12] == [b"%d" % number for number in range(12)], "in the order they came in"
    assert {int(body) for body in rig.courier.taken} == set(range(100))


async def test_when_the_probe_fails_what_waited_for_it_is_spared() -> None:
    rig = Rig(open_seconds=AT_ONCE)
    await rig.fail()
    for number in range(100):
        rig.offer(number, tries=5)
    await until(lambda: len(rig.courier.begun) == 1)
    rig.circuit.failed(1e12)  # opens it for long
    rig.courier.open()
    await until(lambda: len(rig.settled) == 100)
    assert sorted(update.tries for _, update in rig.topics.deferred) == [5] * 99 + [6]
    assert rig.topics.tiers() == {"webhook-retry-spared-5": 99, "webhook-retry-6": 1}


async def test_what_does_not_fit_is_spared_and_keeps_its_tries() -> None:
    rig = Rig(limits=EndpointLimits(tries_at_once_max=1, queue_max=10))
    for number in range(20):
        rig.offer(number)
    await until(lambda: len(rig.settled) == 9)
    assert [update.tries for _, update in rig.topics.deferred] == [0] * 9
    rig.courier.open()
    await until(lambda: len(rig.settled) == 20)
    assert len(rig.courier.taken) == 11


async def test_a_conversation_goes_one_by_one() -> None:
    rig = Rig()
    for number in range(6):
        rig.offer(number, conversation=b"odd" if number % 2 else b"even")
    await until(lambda: len(rig.courier.begun) == 2)
    rig.courier.open()
    await until(lambda: len(rig.settled) == 6)
    assert rig.courier.at_once_seen == 2
    assert [body for body in rig.courier.taken if int(body) % 2] == [b"1", b"3", b"5"]


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (0, NextTry(1, START_MS + SECOND, spared=True)),
        (4_999, NextTry(1, START_MS + 4_999 + SECOND, spared=True)),
        (5 * SECOND, NextTry(2, START_MS + 10 * SECOND, spared=True)),
        (30 * SECOND, NextTry(3, START_MS + 60 * SECOND, spared=True)),
        (2 * MINUTE, NextTry(4, START_MS + 4 * MINUTE, spared=True)),
        (10 * MINUTE, NextTry(5, START_MS + 20 * MINUTE, spared=True)),
        (35 * HOUR, NextTry(5, START_MS + 35 * HOUR + 10 * MINUTE, spared=True)),
        (36 * HOUR - 10 * MINUTE, NextTry(5, START_MS + 36 * HOUR, spared=True)),
        (36 * HOUR - 10 * MINUTE + 1, None),
    ],
)
def test_an_update_that_was_spared_waits_no_longer_than_it_has_waited(
    waited: int, expected: NextTry | None
) -> None:
    assert RetrySchedule().spared(START_MS, START_MS + waited) == expected


def test_what_is_spared_all_the_time_is_written_a_bounded_number_of_times() -> None:
    now, times = START_MS, 0
    while (following := RetrySchedule().spared(START_MS, now)) is not None:
        now, times = following.due_at_ms, times + 1
    assert times < 250
