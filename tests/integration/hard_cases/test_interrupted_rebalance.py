"""A rebalance that takes two steps, interrupted between them: nobody may be left without an owner."""

from services.runtime.points import Point
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.tally import WideTally, keys

KEYS = [key for partition in range(4) for key in keys(partition, 5, WideTally)]


def test_what_a_member_gave_back_finds_an_owner_when_that_member_starts_anew(make_world: MakeWorld) -> None:
    world = make_world(WideTally)
    world.write(KEYS)
    first = world.start()
    world.wait_done()
    first.stop_at(Point.REVOKED)
    second = world.start(1)
    first.wait_stopped()
    # It has given two partitions back, and would join again for the second step to hand them out.
    first.kill()
    back = world.start()
    world.write(KEYS)
    world.wait_done()
    for member in (back, second):
        member.stop()
    count(world, ordinals=(0, 1))
