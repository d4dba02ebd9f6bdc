"""Zombies: frozen past their session, they lost their partitions, and go on as if nothing had been."""

import shutil

from services.runtime.points import Point
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.leaky_log import LeakyLog
from tests.integration.hard_cases.rig.member import Member
from tests.integration.hard_cases.rig.tally import WideTally, keys
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until

KEYS = [key for partition in range(4) for key in keys(partition, 5, WideTally)]
POINTS = [Point.APPLIED, Point.OFFSETS_SENT, Point.COMMITTED]
"""Where the zombies stand: before the transaction, in it, and after it."""


def test_zombies_do_no_harm(make_world: MakeWorld) -> None:
    world = make_world(WideTally)
    world.write(KEYS)
    members = [world.start(ordinal) for ordinal in range(4)]
    until(lambda: sorted(map(len, world.group.owners().values())) == [1] * 4, "each to own a partition")
    owned = {ordinal: partition for ordinal, (partition,) in world.group.owners().items()}
    survivor = members[3]
    zombies = members[:3]
    world.wait_done()
    before = world.group.offsets()

    for zombie, point in zip(zombies, POINTS, strict=True):
        zombie.stop_at(point)
    world.write(KEYS * 2)
    for zombie in zombies:
        zombie.wait_stopped()
        zombie.freeze()
    committed = owned[POINTS.index(Point.COMMITTED)]
    until(lambda: _moved(world, before) - {owned[3]} == {committed}, "the one commit to show")

    # The survivor takes over all of them, and finishes what they had begun.
    world.wait_done()
    assert all(f'"partition ready" partition={each} ' in survivor.said for each in owned.values())
    for zombie in zombies:
        zombie.go_on()
        zombie.thaw()
    early, caught, late = zombies
    # Its transaction was ended over its head.
    assert caught.wait() == 1
    assert "Fenced" in caught.last_words
    # The others have nothing open: they see that they are out, join again, and work.
    until(lambda: "partitions lost" in early.said and "partitions lost" in late.said, "the loss to be seen")
    assert "a batch is aborted" in early.said
    world.write(KEYS)
    world.wait_done()
    for member in (early, late, survivor):
        member.stop()
    count(world, ordinals=(0, 1, 2, 3))


def test_without_transactions_what_a_zombie_has_begun_shows(make_world: MakeWorld) -> None:
    world = make_world(WideTally)
    world.write(KEYS)
    zombie = world.start(make_log=LeakyLog)
    world.wait_done()
    before = world.group.offsets()
    zombie.stop_at(Point.OFFSETS_SENT)
    world.write(KEYS * 2)
    zombie.wait_stopped()
    zombie.freeze()
    half = world.standing(with_store=False)
    assert half.group == before
    assert half.changelog != before
    survivor = world.start(1, make_log=LeakyLog)
    # What the zombie has written is there, and the group knows nothing of it.
    assert survivor.wait() == 1
    assert "but the state is at" in survivor.last_words


def test_a_zombie_s_store_is_not_shared(world: World) -> None:
    zombie = _stopped_in_a_batch(world)
    zombie.freeze()

    second = world.start()
    assert second.wait() == 1
    assert f"another process has the store {world.store_path(0)} open" in second.last_words

    zombie.go_on()
    zombie.thaw()
    assert zombie.wait() == 1
    assert "Fenced" in zombie.last_words
    world.settle()
    count(world)


def test_a_zombie_that_needs_a_new_producer_does_not_end_its_replacement(world: World) -> None:
    """Who takes a transactional id fences its owner: so it asks first whether it is in the group still."""
    zombie = _stopped_in_a_batch(world)
    world.group.expel(0)
    # The batch is aborted, which spoils the producer, and read again.
    zombie.go_on(then=Point.ABORTED)
    zombie.wait_stopped()
    zombie.go_on(then=Point.APPLIED)
    zombie.wait_stopped()
    zombie.freeze()

    replacement = world.start(data_dir=world.directory / "elsewhere")
    world.wait_done()
    zombie.go_on()
    zombie.thaw()
    assert zombie.wait() == 1
    # What it hears of first depends on who is quicker: that its place is taken, or that its partitions are.
    assert "Fenced" in zombie.last_words or "cannot seek" in zombie.last_words
    world.write(KEYS)
    world.wait_done()
    replacement.stop()
    shutil.rmtree(world.data_dir())
    shutil.move(replacement.data_dir, world.data_dir())
    count(world)


def _stopped_in_a_batch(world: World) -> Member:
    """A member that has done some work, and stands before the transaction of what came then."""
    world.write(KEYS)
    member = world.start()
    world.wait_done()
    member.stop_at(Point.APPLIED)
    world.write(KEYS)
    member.wait_stopped()
    return member


def _moved(world: World, before: dict[int, int]) -> set[int]:
    """Partitions whose offset is not what it was."""
    now = world.group.offsets(in_transaction=True)
    return {each for each, offset in before.items() if now[each] != offset}
