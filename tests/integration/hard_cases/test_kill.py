"""kill -9 at each point of a batch: all of its effect is there, or nothing, and a restart makes up for it."""

import time

import pytest

from services.runtime.kafka_log import KafkaLog
from services.runtime.kafka_settings import TRANSACTION_MS
from services.runtime.points import Point
from services.runtime.stage_process import MakeLog
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.standing import Standing
from tests.integration.hard_cases.rig.tally import keys
from tests.integration.hard_cases.rig.waiting import until
from tests.integration.hard_cases.rig.world import World

KEYS = [*keys(0, 20), *keys(1, 20)]
BEFORE = {0: 60, 1: 60}
"""Next input offsets after the first batches."""
AFTER = {0: 60, 1: 100}


def strike(world: World, point: Point, make_log: MakeLog = KafkaLog) -> Standing:
    """Kill the stage at ``point`` of a batch of partition 1; returns where it then stands."""
    world.write(KEYS * 3)
    member = world.start(make_log=make_log)
    world.wait_done()
    member.stop_at(point)
    world.write(keys(1, 20) * 2)
    member.wait_stopped()
    if point in (Point.PRODUCED, Point.OFFSETS_SENT):
        until(lambda: len(world.open_places()) > 1, "the batch to be with the broker")
    member.kill()
    return world.standing()


def recover(world: World, make_log: MakeLog = KafkaLog) -> None:
    """Start again, with more to do, and count all of it."""
    world.write(KEYS)
    member = world.start(make_log=make_log)
    world.wait_done()
    member.stop()
    count(world)


@pytest.mark.parametrize(
    "point", [Point.POLLED, Point.APPLIED, Point.BEGUN, Point.PRODUCED, Point.OFFSETS_SENT]
)
def test_killed_in_the_middle_of_a_batch_nothing_of_it_is_there(world: World, point: Point) -> None:
    assert strike(world, point) == Standing(BEFORE, BEFORE, BEFORE)
    recover(world)


def test_killed_between_commit_and_store_the_store_is_behind(world: World) -> None:
    assert strike(world, Point.COMMITTED) == Standing(AFTER, AFTER, BEFORE)
    recover(world)


def test_killed_right_after_the_store_all_agree(world: World) -> None:
    assert strike(world, Point.STORED) == Standing(AFTER, AFTER, AFTER)
    recover(world)


def test_what_a_killed_process_left_open_is_ended_by_its_restart(world: World) -> None:
    strike(world, Point.OFFSETS_SENT)
    assert world.open_places()
    started = time.monotonic()
    member = world.start()
    world.wait_done()
    # The broker would end it by its time-out, up to a second late.
    assert time.monotonic() - started < TRANSACTION_MS / 1000 / 2
    member.stop()
    count(world)
