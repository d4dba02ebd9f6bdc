"""Group offsets that are lost, or say something else than the state: go on where the state is, or stop."""

import shutil

import pytest

from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.tally import keys
from tests.integration.hard_cases.rig.world import World

KEYS = [*keys(0, 10), *keys(1, 10)]


@pytest.mark.parametrize("store_is_lost", [False, True])
def test_lost_offsets_are_taken_from_the_state(settled: World, store_is_lost: bool) -> None:
    settled.group.forget_offsets()
    if store_is_lost:
        shutil.rmtree(settled.data_dir())
    settled.write(KEYS)
    member = settled.start()
    settled.wait_done()
    assert member.said.count("the group has no offset: going on where the state stands") == 2
    member.stop()
    count(settled)


@pytest.mark.parametrize("by", [-7, 7])
def test_offsets_that_disagree_with_the_state_stop_the_stage(settled: World, by: int) -> None:
    state = settled.group.offsets()[1]
    wrong = state + by
    settled.write(KEYS)
    settled.group.set_offset(1, wrong)
    before = settled.standing()
    assert (before.group[1], before.changelog[1], before.store[1]) == (wrong, state, state)
    for _ in range(2):
        member = settled.start()
        assert member.wait() == 1
        assert f"partition 1: the group's offset is {wrong} but the state is at {state}" in member.last_words
    after = settled.standing()
    assert (after.group[1], after.changelog[1]) == (wrong, state)

    settled.group.set_offset(1, state)
    settled.settle()
    count(settled)


def test_an_offset_without_state_stops_the_stage(world: World) -> None:
    world.write(KEYS * 2)
    world.settle()
    world.make_anew(world.stage.changelog.name)
    for _ in range(2):
        member = world.start()
        assert member.wait() == 1
        assert "the group's offset is 20 but the changelog has no state" in member.last_words


def test_input_that_is_gone_stops_the_stage(world: World) -> None:
    world.write(KEYS * 2)
    world.settle()
    world.write(KEYS * 2)
    world.trim_input(1, 25)
    member = world.start()
    assert member.wait() == 1
    assert "InputLost" in member.last_words
    assert world.group.offsets()[1] == 20


def test_with_neither_offset_nor_state_it_begins_at_the_input_s_beginning(world: World) -> None:
    world.write(KEYS * 2)
    world.trim_input(1, 7)
    world.settle()
    count(world)
