"""What is tried again, and what ends the process."""

import pytest

from services.runtime.log import Fenced, InputLost, OutcomeUnknown, TopicMissing, TransactionFailed
from services.runtime.points import Point
from services.runtime.stage_exit import StageMustExit
from services.runtime.store import StoreFailed
from tests.unit.runtime.counting_stage import record
from tests.unit.runtime.runner.rig import Rig, bad

FAILING = ["begin", "produce", "send_offsets", "commit"]


@pytest.mark.parametrize("call", FAILING)
@pytest.mark.parametrize("times", [1, 5])
def test_a_transaction_that_fails_is_aborted_and_tried_again(rig: Rig, call: str, times: int) -> None:
    rig.log.give(record(0), record(1), record(0, partition=1))
    rig.log.fail[call].extend(TransactionFailed("no coordinator") for _ in range(times))
    for _ in range(times):
        assert rig.runner.turn(0) == 0
        assert rig.store_meta() is None
        assert rig.points[-1] == Point.ABORTED
    rig.drain()
    assert (sorted(rig.counts()), rig.log.offsets) == ([1, 1, 2], {0: 2, 1: 1})
    assert rig.letters() == []
    assert rig.log.calls.count("abort") == (0 if call == "begin" else times)
    assert rig.pauses == sorted(rig.pauses)
    assert len(rig.pauses) == times


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("commit", OutcomeUnknown("timed out")),
        ("commit", Fenced("by another")),
        ("send_offsets", Fenced("by another")),
        ("produce", TopicMissing("no topic")),
        ("poll", InputLost("out of range")),
        ("poll", Fenced("instance id")),
    ],
)
def test_what_cannot_be_told_ends_the_process_with_the_store_untouched(
    rig: Rig, call: str, error: Exception
) -> None:
    rig.log.give(record(0))
    rig.log.fail[call].append(error)
    with pytest.raises(StageMustExit, match=str(error)):
        rig.runner.turn(0)
    assert rig.store_meta() is None
    assert "abort" not in rig.log.calls


def test_an_abort_that_fails_ends_the_process(rig: Rig) -> None:
    rig.log.give(record(0))
    rig.log.fail["commit"].append(TransactionFailed("lost"))
    rig.log.fail["abort"].append(Fenced("by another"))
    with pytest.raises(StageMustExit, match="by another"):
        rig.runner.turn(0)


@pytest.mark.parametrize("point", [Point.BEGUN, Point.PRODUCED, Point.OFFSETS_SENT, Point.COMMITTED])
def test_a_crash_leaves_all_of_a_batch_or_nothing(point: Point) -> None:
    first = Rig()
    first.log.give(record(0, "wake+5"), record(1, at_ms=9))

    def crash(at: Point) -> None:
        if at == point:
            raise KeyboardInterrupt

    first.runner._writer._observe = first.runner._observe = crash
    with pytest.raises(KeyboardInterrupt):
        first.runner.turn(0)
    assert first.store_meta() is None
    second = Rig()
    second.log.topics, second.log.offsets, second.log.inputs = (
        first.log.topics,
        first.log.offsets,
        first.log.inputs,
    )
    first.log.abort()
    second.log.assign(0)
    second.drain()
    assert (second.counts(), second.log.offsets[0]) == ([1, 1, 2], 2)


@pytest.mark.parametrize("error", [StoreFailed("disk full")])
def test_a_store_that_fails_is_no_record_s_fault(rig: Rig, error: Exception) -> None:
    def fail(_: bytes) -> None:
        raise error

    partition = rig.runner.partitions[0]
    partition._rows._load = fail
    rig.log.give(bad("receipt_received"))
    with pytest.raises(StageMustExit, match="disk full"):
        rig.runner.turn(0)
    assert rig.letters() == []


def test_a_failing_timer_ends_the_process(rig: Rig) -> None:
    rig.log.give(record(0, "timer-bug+5"), record(1, at_ms=9))
    with pytest.raises(StageMustExit, match="TimerFailed"):
        rig.runner.turn(0)
