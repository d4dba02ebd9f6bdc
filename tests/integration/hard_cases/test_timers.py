"""Timers where nothing happens, behind a backlog, by the thousand, and days and weeks away."""

from itertools import pairwise
from random import Random

import pytest

from services.runtime.partition import TIMERS_PER_STEP_MAX
from services.runtime.points import Point
from services.runtime.ticks import TICK_EVERY_MS, TICK_KEY
from tests.integration.hard_cases.rig.counting import count, told
from tests.integration.hard_cases.rig.events import DAY_MS, HOUR_MS, now_ms
from tests.integration.hard_cases.rig.tally import keys
from tests.integration.hard_cases.rig.world import World
from tests.integration.reading import Found
from tests.integration.waiting import until

KEYS = [*keys(0, 10), *keys(1, 10)]
MINUTE_MS = 60_000


def ticks(world: World) -> list[Found]:
    return [each for each in world.read(world.stage.input.name) if each.key == TICK_KEY]


def woken(world: World) -> int:
    """How many timers have fired."""
    return sum(each.account == "woken" for each in told(world))


def test_a_quiet_partition_gets_one_tick_a_second_at_most_and_no_other_gets_one(world: World) -> None:
    member = world.start()
    for key, wait_ms in zip(keys(0, 4), (100, 300, 700, 1_300), strict=True):
        world.write([key], f"wake+{wait_ms}")
    until(lambda: woken(world) == 4, "the timers")
    world.wait_done()
    member.stop()
    times = [each.timestamp_ms for each in ticks(world)]
    assert all(later - earlier >= TICK_EVERY_MS for earlier, later in pairwise(times))
    assert {each.partition for each in ticks(world)} == {0}
    count(world)


def test_a_tick_that_its_writer_did_not_outlive(world: World) -> None:
    """Written or lost, its timer fires once."""
    world.write(keys(0, 3), "wake+100")
    member = world.start()
    member.stop_at(Point.TICKED)
    member.wait_stopped()
    before = world.group.offsets()
    member.kill()
    assert (world.group.offsets(), woken(world)) == (before, 0)
    member = world.start()
    until(lambda: woken(world) == 3, "the timers")
    world.wait_done()
    member.stop()
    count(world)


def test_two_hours_of_backlog_with_timers_due(world: World) -> None:
    """Each fires once, before the record that makes it due, and no tick is needed for that."""
    began_ms = now_ms() - 2 * HOUR_MS
    for minute in range(0, 120, 2):
        world.write(KEYS[minute % 20 :: 20], f"wake+{5 * MINUTE_MS}", began_ms + minute * MINUTE_MS)
        world.write(KEYS[1::4], at_ms=began_ms + minute * MINUTE_MS + 1)
    world.write(KEYS)
    member = world.start()
    member.stop_at(Point.OFFSETS_SENT)
    member.wait_stopped()
    assert (world.group.offsets(in_transaction=True), woken(world)) == ({}, 0)
    member.kill()
    world.settle()
    assert woken(world) > 50
    assert ticks(world) == []
    count(world)


def test_records_out_of_order_in_time(world: World) -> None:
    random = Random(7)  # noqa: S311
    began_ms = now_ms() - 2 * HOUR_MS
    for number in range(200):
        wake = f"wake+{random.randrange(10 * MINUTE_MS)}" if number % 3 else "m"
        world.write([random.choice(KEYS)], wake, began_ms + random.randrange(HOUR_MS))
    world.write(KEYS, at_ms=began_ms + 2 * HOUR_MS)
    world.settle()
    assert woken(world) > 50
    count(world)


def test_more_timers_at_once_than_a_batch_takes(world: World) -> None:
    many = 2 * TIMERS_PER_STEP_MAX + 500
    world.write(keys(0, many), "wake+10", now_ms() - HOUR_MS)
    world.settle()
    member = world.start()
    member.stop_at(Point.STORED)
    world.write(keys(0, 1))
    member.wait_stopped()
    # Their record is not done before all of them have fired.
    world.wait_closed()
    assert woken(world) == TIMERS_PER_STEP_MAX
    assert world.group.offsets() == {0: many}
    member.kill()
    world.settle()
    assert woken(world) == many
    count(world)


@pytest.mark.parametrize("wait_ms", [36 * HOUR_MS, 30 * DAY_MS], ids=["36 hours", "30 days"])
def test_long_times(world: World, wait_ms: int) -> None:
    # The broker lives in the test's time, and refuses what is ahead of it.
    for name in (world.stage.input.name, world.stage.changelog.name, "windows"):
        world.configure(name, "message.timestamp.after.max.ms", str(2 * wait_ms))
    world.write(KEYS[:3], f"wake+{wait_ms}")
    early = world.start(clock_ahead_ms=wait_ms - MINUTE_MS)
    world.wait_done()
    early.stop_at(Point.POLLED)
    world.write(KEYS[4:])
    early.wait_stopped()
    early.go_on()
    world.wait_done()
    early.stop()
    assert (woken(world), ticks(world)) == (0, [])

    late = world.start(clock_ahead_ms=wait_ms)
    until(lambda: woken(world) == 3, "the timers")
    world.wait_done()
    late.stop()
    assert {tick.timestamp_ms >= now_ms() + wait_ms - MINUTE_MS for tick in ticks(world)} == {True}
    count(world)
