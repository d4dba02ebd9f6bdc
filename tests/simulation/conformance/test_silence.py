"""A process that nothing is heard of: in the group, and at a commit."""

import pytest

from services.runtime.log import OutcomeUnknown
from tests.simulation.conformance.rig.site import Listener, Site
from tests.simulation.conformance.rig.steps import ALL, comes_to, joined, produce, receive


def test_a_silent_member_loses_its_partitions_once_its_session_is_over(troubled: Site) -> None:
    first, firsts = joined(troubled)
    second, seconds = troubled.log(1), Listener()
    second.subscribe(seconds)
    troubled.settle([first, second], lambda: len(seconds.owned) == 1)
    (mine,) = firsts.owned
    troubled.write(mine, b"key")
    troubled.settle([first], lambda: first.caught_up(mine) and first.lag(mine) == 0)
    troubled.silence(first)
    troubled.settle([second], lambda: seconds.owned == ALL)
    assert firsts.owned == {mine}
    troubled.let_speak(first)
    troubled.settle([first, second], lambda: "lost" in dict(firsts.events))
    troubled.settle([first, second], lambda: len(firsts.owned) == len(seconds.owned) == 1)
    assert firsts.owned | seconds.owned == ALL


@pytest.mark.parametrize("arrives", [False, True])
def test_a_commit_of_which_nothing_is_heard_may_be_either(troubled: Site, arrives: bool) -> None:
    troubled.write(0, b"key")
    log, _ = joined(troubled)
    receive(troubled, log, 1)
    log.begin()
    produce(log, b"one")
    log.send_offsets({0: 1})
    troubled.lose_commit(log, arrives=arrives)
    with pytest.raises(OutcomeUnknown):
        log.commit()
    assert troubled.log(1).committed(0) == (1 if arrives else None)
    # A record, and the marker that says what became of it.
    troubled.until(lambda: troubled.written(0) == 2)
    comes_to(troubled, lambda: troubled.outputs(0), [b"one"] if arrives else [])
    troubled.died(log)
