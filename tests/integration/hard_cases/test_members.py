"""Members that join, leave, die and come back under load, also in the middle of a restore."""

from services.runtime.points import Point
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.leaky_log import LeakyLog
from tests.integration.hard_cases.rig.load import Load
from tests.integration.hard_cases.rig.tally import WideTally, keys
from tests.integration.waiting import until

KEYS = [key for partition in range(4) for key in keys(partition, 5, WideTally)]


def test_a_second_member_joins_leaves_returns_and_dies_under_load(make_world: MakeWorld) -> None:
    world = make_world(WideTally)
    first = world.start()
    with Load(world, KEYS):
        first.stop_at(Point.STORED)
        first.wait_stopped()
        first.go_on(then=Point.REVOKED)

        second = world.start(1)
        second.stop_at(Point.STORED)
        first.wait_stopped()
        first.go_on()
        second.wait_stopped()
        assert len(list(world.data_dir(1).glob("*/partition-*"))) == 2
        second.go_on()
        second.stop()

        # Its place was kept.
        theirs = world.group.owners()[1]
        back = world.start(1)
        back.stop_at(Point.OFFSETS_SENT)
        back.wait_stopped()
        first.stop_at(Point.RESTORED)
        back.kill()
        # It died in the middle of a batch, of which nothing is there.
        where = world.standing(1, in_transaction=True)
        stands = [{number: each[number] for number in theirs} for each in where]
        assert stands[0] == stands[1] == stands[2], where

        # Only now is it taken over, when its session is over.
        first.wait_stopped()
        first.go_on(then=Point.STORED)
        first.wait_stopped()
        first.go_on()
    world.wait_done()
    first.stop()
    count(world, ordinals=(0, 1))


def test_without_transactions_the_death_of_a_member_shows(make_world: MakeWorld) -> None:
    world = make_world(WideTally)
    first, second = (world.start(ordinal, make_log=LeakyLog) for ordinal in (0, 1))
    until(lambda: sorted(map(len, world.group.owners().values())) == [2, 2], "each to own two partitions")
    world.write(KEYS)
    world.wait_done()
    before, theirs = world.group.offsets(), world.group.owners()[1]
    second.stop_at(Point.OFFSETS_SENT)
    world.write(KEYS)
    second.wait_stopped()
    second.kill()
    where = world.standing(1)
    assert {number: where.group[number] for number in theirs} == {number: before[number] for number in theirs}
    assert any(where.changelog[number] > before[number] for number in theirs)
    # Whoever takes over finds rows of which the group knows nothing.
    assert first.wait() == 1
    assert "but the state is at" in first.last_words


def test_others_work_and_join_while_a_member_restores(make_world: MakeWorld) -> None:
    world = make_world(WideTally)
    world.write(KEYS * 3)
    first = world.start()
    world.wait_done()
    second = world.start(1)
    second.stop_at(Point.ASSIGNED)
    second.wait_stopped()

    theirs = world.group.offsets()
    first.stop_at(Point.STORED)
    world.write(KEYS)
    first.wait_stopped()
    third = world.start(2)
    first.go_on(then=Point.STORED)
    world.write(KEYS)
    first.wait_stopped()
    # Two partitions are at rest, the other two went on.
    assert sorted(now - theirs[each] for each, now in world.group.offsets().items())[:2] == [0, 0]
    first.go_on()

    third.stop_at(Point.STORED)
    second.go_on()
    with Load(world, KEYS):
        third.wait_stopped()
        third.go_on()
    world.wait_done()
    for member in (first, second, third):
        member.stop()
    count(world, ordinals=(0, 1, 2))
