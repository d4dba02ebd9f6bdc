"""When a partition gets a tick."""

from services.runtime.record import Record
from tests.unit.runtime.counting_stage import record
from tests.unit.runtime.runner.rig import NOW_MS, Rig


def test_a_tick_wakes_a_quiet_partition(rig: Rig) -> None:
    rig.log.give(record(0, "wake+5", at_ms=NOW_MS))
    rig.runner.turn(0)
    assert rig.log.ticks == []
    rig.now_ms += 5
    rig.runner.turn(0)
    assert rig.log.ticks == [(0, NOW_MS + 5)]
    rig.drain()
    assert rig.counts() == [1, 1]
    rig.now_ms += 60_000
    rig.drain()
    assert len(rig.log.ticks) == 1


def test_a_partition_is_ticked_once_a_second_at_most_and_only_at_zero_lag(rig: Rig) -> None:
    rig.log.give(record(0, "wake+5", at_ms=NOW_MS))
    rig.runner.turn(0)
    rig.now_ms += 10
    dropped: list[Record] = []
    rig.log.give = lambda *records: dropped.extend(records)  # type: ignore[method-assign]
    for step_ms, expected in [(0, 1), (999, 1), (1, 2), (1_000, 3)]:
        rig.now_ms += step_ms
        rig.runner.turn(0)
        assert len(rig.log.ticks) == expected
    rig.log.caught_up = lambda partition: partition < 0  # type: ignore[method-assign]
    rig.now_ms += 5_000
    rig.runner.turn(0)
    assert len(rig.log.ticks) == 3
