"""What becomes of a partition whose next record cannot be applied and may not be gone past."""

import re

import pytest
from structlog.testing import capture_logs

from services.contracts.headers import MESSAGE_ID
from services.runtime.log import TransactionFailed
from services.runtime.record import Record
from services.runtime.stopped import COMPLAINT_MS
from tests.unit.runtime.counting_stage import record
from tests.unit.runtime.runner.rig import NOW_MS, Rig, bad


@pytest.mark.parametrize(
    ("stopper", "sentence"),
    [
        (
            bad("customer_message_screened"),
            r"screened/0/1 \(customer_message_screened\) cannot be applied: Inv",
        ),
        (bad("setting_changed"), r"\(setting_changed\)"),
        (bad("message_delivered"), r"\(message_delivered\)"),
        (bad(""), r"\(of no kind\)"),
        (bad("send_screened", **{MESSAGE_ID: b""}), r"nor does it say whose it is"),
    ],
)
def test_anything_else_stops_its_partition_and_the_others_go_on(
    rig: Rig, stopper: Record, sentence: str
) -> None:
    rig.log.give(record(0), stopper, record(2), *(record(offset, partition=1) for offset in range(3)))
    rig.drain()
    (reason,) = rig.runner.stopped_because
    assert re.search(sentence, reason)
    assert rig.log.offsets == {0: 1, 1: 3}
    rig.log.give(record(3), record(3, partition=1))
    rig.drain()
    assert rig.log.offsets == {0: 1, 1: 4}
    # What precedes it is committed.
    assert sorted(rig.counts()) == [1, 1, 2, 3, 4]
    assert rig.letters() == []
    stands = rig.store_meta()
    assert stands is not None
    assert stands.next_offset == 1


def stopped(rig: Rig) -> None:
    """Partition 0 stands at offset 1, with two records behind that."""
    rig.log.give(record(0, "wake+5", at_ms=NOW_MS), bad("setting_changed"), record(2), record(3))
    rig.drain()
    assert rig.runner.stopped_because


def test_a_stopped_partition_is_read_again_when_it_is_assigned_again(rig: Rig) -> None:
    stopped(rig)
    rig.log.revoke(0)
    rig.runner.turn(0)
    assert rig.runner.stopped_because == []
    rig.log.inputs[0][1] = record(1)
    rig.log.assign(0)
    rig.drain()
    assert (rig.runner.stopped_because, rig.log.offsets[0]) == ([], 4)


def test_a_stopped_partition_stands_also_when_the_batch_of_another_is_given_up(rig: Rig) -> None:
    stopped(rig)
    rig.log.fail["commit"].append(TransactionFailed("no coordinator"))
    rig.log.give(record(0, partition=1))
    rig.drain()
    assert (rig.log.offsets, len(rig.runner.stopped_because)) == ({0: 1, 1: 1}, 1)


def test_a_batch_that_stops_a_partition_and_is_given_up_is_done_again(rig: Rig) -> None:
    rig.log.fail["commit"].append(TransactionFailed("no coordinator"))
    stopped(rig)
    assert (rig.log.offsets[0], rig.counts()) == (1, [1])


def test_a_stopped_partition_gets_no_ticks_and_shows_its_lag(rig: Rig) -> None:
    stopped(rig)
    rig.now_ms += 60_000
    rig.drain()
    assert rig.log.ticks == []
    seen = {
        name: rig.registry.get_sample_value(f"parley_counting_{name}", {"partition": "0"})
        for name in ("lag_records", "partition_stopped")
    }
    assert seen == {"lag_records": 3, "partition_stopped": 1}
    rig.log.revoke(0)
    assert rig.registry.get_sample_value("parley_counting_partition_stopped", {"partition": "0"}) is None


def test_a_stopped_partition_is_complained_of_again_and_again(rig: Rig) -> None:
    with capture_logs() as said:
        stopped(rig)
        for _ in range(3):
            rig.now_ms += COMPLAINT_MS
            rig.drain()
            rig.drain()
    complaints = [line for line in said if line["event"].startswith("a partition is stopped")]
    assert [(line["partition"], line["offset"]) for line in complaints] == [(0, 1)] * 4
