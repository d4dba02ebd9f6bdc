"""Whom it befalls when Kafka refuses what a batch wants written."""

import re

import pytest

from services.runtime.batch import BatchLimits
from services.runtime.record import Record
from services.runtime.stage_exit import StageMustExit
from tests.unit.runtime.counting_stage import record
from tests.unit.runtime.runner.rig import NOW_MS, Rig, bad


def test_the_record_for_which_a_batch_is_refused_is_found(rig: Rig) -> None:
    rig.log.give(
        *(record(offset, "poison" if offset == 3 else "m", f"b:{offset}".encode()) for offset in range(6))
    )
    rig.log.inputs[0][3] = rig.log.inputs[0][3]._replace(headers=bad("send_screened").headers)
    rig.log.rejects = lambda topic, value: topic == "windows" and b"poison" in value
    rig.drain()
    assert [(letter.offset, letter.reason) for letter in rig.letters()] == [(3, "failing")]
    assert "Message size too large" in rig.letters()[0].error
    assert (len(rig.counts()), rig.log.offsets[0]) == (5, 6)
    # All six three times, their first half, the second one, its first record, then all that is left.
    assert [limit for limit in rig.log.limits if limit < BatchLimits().records] == [3, 3, 1]
    assert rig.log.limits[-1] == BatchLimits().records


def test_the_record_is_found_by_halves_wherever_it_stands(rig: Rig) -> None:
    poisoned = {(0, 700), (1, 17), (1, 18)}
    for partition in (0, 1):
        rig.log.give(*(poison_at(poisoned, partition, offset) for offset in range(1_000)))
    rig.log.rejects = lambda topic, value: topic == "windows" and b"poison" in value
    rig.drain()
    assert {(letter.partition, letter.offset) for letter in rig.letters()} == poisoned
    assert (len(rig.counts()), rig.log.offsets) == (1_997, {0: 1_000, 1: 1_000})
    assert len(rig.log.limits) < 100


def test_suspects_of_a_partition_that_is_given_back_hold_up_nobody(rig: Rig) -> None:
    rig.log.give(*(poison_at({(0, 1)}, 0, offset) for offset in range(4)))
    rig.log.rejects = lambda topic, value: topic == "windows" and b"poison" in value
    for _ in range(3):
        rig.runner.turn(0)
    rig.log.revoke(0)
    rig.runner.turn(0)
    assert rig.log.limits[-1] == BatchLimits().records


def poison_at(places: set[tuple[int, int]], partition: int, offset: int) -> Record:
    """A record of one conversation, which Kafka takes no output of at these places."""
    if (partition, offset) not in places:
        return record(offset, partition=partition)
    poison = record(offset, "poison", partition=partition)
    return poison._replace(headers=bad("send_screened").headers)


def test_what_a_timer_wants_written_and_is_refused_ends_the_process(rig: Rig) -> None:
    rig.log.give(record(0, "wake+5", at_ms=NOW_MS))
    rig.drain()
    rig.log.rejects = lambda topic, value: topic == "windows" and b"woken" in value
    rig.log.give(record(1, at_ms=NOW_MS + 9)._replace(headers=bad("send_screened").headers))
    with pytest.raises(StageMustExit, match="Message size too large"):
        rig.drain()


def test_a_refused_record_that_may_not_be_gone_past_stops_its_partition(rig: Rig) -> None:
    rig.log.give(record(0, "poison"), record(0, partition=1))
    rig.log.rejects = lambda topic, value: topic == "windows" and b"poison" in value
    rig.drain()
    (reason,) = rig.runner.stopped_because
    assert re.search(r"cannot be applied.*Message size too large", reason)
    assert rig.log.offsets == {0: 0, 1: 1}
    rig.log.give(record(1, partition=1))
    rig.drain()
    # What is found needs no more going record by record.
    assert rig.log.limits[-1] == BatchLimits().records
