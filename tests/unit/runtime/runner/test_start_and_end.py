"""A start without a broker, a partition given back, and the end."""

import pytest

from services.runtime.log import Fenced, LogError, LogUnavailable, TopicMissing
from services.runtime.points import Point
from services.runtime.stage_exit import StageMustExit
from tests.unit.runtime.counting_stage import record
from tests.unit.runtime.runner.rig import Rig


def test_a_partition_given_back_is_closed_and_found_again(rig: Rig) -> None:
    rig.log.give(record(0))
    rig.runner.turn(0)
    rig.log.revoke(0)
    assert (rig.points[-1], list(rig.runner.partitions)) == (Point.REVOKED, [1])
    rig.log.assign(0)
    assert rig.points[-2:] == [Point.ASSIGNED, Point.RESTORED]
    rig.log.give(record(1))
    rig.drain()
    assert rig.counts() == [1, 2]


def test_a_start_without_broker_may_be_repeated() -> None:
    rig = Rig()
    rig.log.fail["subscribe"].append(LogUnavailable("no broker"))
    with pytest.raises(LogUnavailable):
        rig.runner.start()
    rig.runner.start()


@pytest.mark.parametrize("error", [Fenced("somebody else"), TopicMissing("screened")])
def test_a_start_that_may_not_be_ends_the_process_in_one_sentence(error: LogError) -> None:
    rig = Rig()
    rig.log.fail["subscribe"].append(error)
    with pytest.raises(StageMustExit, match=f"{type(error).__name__}: {error}"):
        rig.runner.start()


def test_closing_leaves_the_group_and_the_stores(rig: Rig) -> None:
    rig.runner.close()
    assert rig.log.calls[-1] == "close"
    assert rig.runner.partitions == {}
