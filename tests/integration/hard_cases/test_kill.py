"""kill -9 at each point of a batch: all of its effect is there, or nothing, and a restart makes up for it."""

import pytest

from services.runtime.kafka_log import KafkaLog
from services.runtime.points import Point
from services.runtime.stage_process import MakeLog
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.leaky_log import LeakyLog
from tests.integration.hard_cases.rig.standing import Standing
from tests.integration.hard_cases.rig.tally import keys
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until

KEYS = [*keys(0, 20), *keys(1, 20)]
BEFORE = {0: 60, 1: 60}
"""Next input offsets after the first batches."""
AFTER = {0: 60, 1: 100}
IN_THE_MIDDLE = [Point.POLLED, Point.APPLIED, Point.BEGUN, Point.PRODUCED, Point.OFFSETS_SENT]


def strike(world: World, point: Point, make_log: MakeLog = KafkaLog) -> Standing:
    """Kill the stage at ``point`` of a batch of partition 1; returns where it then stands."""
    world.write(KEYS * 3)
    member = world.start(make_log=make_log)
    world.wait_done()
    # The first batches are committed, but may not be past what follows: so by way of the next poll.
    member.stop_at(Point.POLLED)
    world.write(keys(1, 20) * 2)
    member.wait_stopped()
    if point is not Point.POLLED:
        member.go_on(point)
        member.wait_stopped()
    if point in (Point.PRODUCED, Point.OFFSETS_SENT) and make_log is KafkaLog:
        until(lambda: is_with_broker(world), "the batch to be with the broker")
    member.kill()
    return world.standing(in_transaction=point in IN_THE_MIDDLE)


def is_with_broker(world: World) -> bool:
    """Whether rows of a transaction that is open lie in the changelog."""
    return (world.name(world.stage.changelog.name), 1) in world.open_places()


def recover(world: World, make_log: MakeLog = KafkaLog) -> None:
    """Start again, with more to do, and count all of it."""
    world.write(KEYS)
    member = world.start(make_log=make_log)
    world.wait_done()
    member.stop()
    count(world)


def kill_in_the_middle_of_a_batch(world: World, point: Point, make_log: MakeLog = KafkaLog) -> None:
    """Nothing of it is there, and it is made up for."""
    assert strike(world, point, make_log) == Standing(BEFORE, BEFORE, BEFORE)
    recover(world, make_log)


@pytest.mark.parametrize("point", IN_THE_MIDDLE)
def test_killed_in_the_middle_of_a_batch_nothing_of_it_is_there(world: World, point: Point) -> None:
    kill_in_the_middle_of_a_batch(world, point)


def test_killed_between_commit_and_store_the_store_is_behind(world: World) -> None:
    assert strike(world, Point.COMMITTED) == Standing(AFTER, AFTER, BEFORE)
    recover(world)


def test_killed_right_after_the_store_all_agree(world: World) -> None:
    assert strike(world, Point.STORED) == Standing(AFTER, AFTER, AFTER)
    recover(world)


def test_what_a_killed_process_left_open_is_ended_by_its_restart(world: World) -> None:
    strike(world, Point.OFFSETS_SENT)
    assert is_with_broker(world)
    member = world.start()
    # Not by the broker's time-out: before the restore has begun.
    member.stop_at(Point.ASSIGNED)
    member.wait_stopped()
    assert not world.open_places()
    member.go_on()
    world.wait_done()
    member.stop()
    count(world)


def test_without_transactions_the_same_shows_half_a_batch(world: World) -> None:
    with pytest.raises(AssertionError, match="Standing"):
        kill_in_the_middle_of_a_batch(world, Point.OFFSETS_SENT, LeakyLog)
    assert world.standing() == Standing(BEFORE, AFTER, BEFORE)
    with pytest.raises(AssertionError, match="the group's offset is 60 but the state is at 100"):
        recover(world, LeakyLog)
