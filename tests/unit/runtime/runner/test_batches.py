"""What goes into a batch, and what one writes."""

import pytest

from parley.runtime.v1 import runtime_pb2
from services.contracts.headers import KIND, SCHEMA
from services.contracts.placement import partition_of
from services.runtime.batch import BatchLimits, Pace
from services.runtime.log import Company
from services.runtime.partition import META_KEY
from services.runtime.points import Point
from tests.unit.runtime.counting_stage import WINDOWS, record
from tests.unit.runtime.memory_log import CHANGELOG, COMMITTED
from tests.unit.runtime.runner.rig import NOW_MS, Rig


def test_a_batch_is_one_transaction_over_all_partitions(rig: Rig) -> None:
    rig.log.give(record(0, at_ms=5), record(1, at_ms=7), record(0, partition=1, at_ms=6))
    assert rig.runner.turn(0) == 3
    assert rig.points == [
        Point.POLLED,
        Point.APPLIED,
        Point.BEGUN,
        Point.PRODUCED,
        Point.OFFSETS_SENT,
        Point.COMMITTED,
        Point.STORED,
    ]
    assert rig.log.offsets == {0: 2, 1: 1}
    assert rig.log.calls.count("commit") == 1


def test_the_changelog_ends_with_the_meta_and_the_store_has_the_same(rig: Rig) -> None:
    rig.log.give(record(0, at_ms=5), record(1, at_ms=7))
    rig.runner.turn(0)
    entries = [entry for entry in rig.log.changelog_entries() if entry.state == COMMITTED]
    assert [(entry.key, entry.timestamp_ms) for entry in entries] == [(b"b:u", 7), (META_KEY, 7)]
    meta = runtime_pb2.StateMeta.FromString(entries[1].value or b"")
    assert meta == runtime_pb2.StateMeta(next_offset=2, stage_time_ms=7, rules_version=2, stage="counting")
    meta.changelog_offset, meta.written_at_ms = 2, NOW_MS
    meta.cluster_id, meta.changelog_topic_id = CHANGELOG.cluster_id, CHANGELOG.topic_id
    assert rig.store_meta() == meta


def test_outputs_lie_where_their_key_places_them(rig: Rig) -> None:
    rig.log.give(*(record(offset, key=f"b:{offset}".encode()) for offset in range(20)))
    rig.runner.turn(0)
    for (topic, number), entries in rig.log.topics.items():
        if topic == "windows":
            assert {partition_of(WINDOWS, each.key) for each in entries if each.state == COMMITTED} == {
                number
            }


@pytest.mark.parametrize(
    ("limits", "turns"),
    [
        (BatchLimits(records=2), [2, 2, 1]),
        (BatchLimits(bytes=1), [1, 1, 1, 1, 1]),
        (BatchLimits(), [5]),
    ],
)
def test_a_batch_is_bounded(limits: BatchLimits, turns: list[int]) -> None:
    rig = Rig(limits)
    rig.log.give(*(record(offset) for offset in range(5)))
    assert [rig.runner.turn(0) for _ in turns] == turns
    assert rig.counts() == [1, 2, 3, 4, 5]


def test_records_gather_under_load_and_a_lone_one_does_not_wait() -> None:
    rig = Rig(pace=Pace(20))

    def batch_at(now_ms: int) -> list[float]:
        rig.now_ms = now_ms
        rig.pauses.clear()
        rig.log.give(record(len(rig.log.inputs[0])))
        assert rig.runner.turn(0) == 1
        return rig.pauses

    began_ms = rig.now_ms + 1_000
    assert batch_at(began_ms) == []
    assert batch_at(began_ms + 5) == [0.015]
    assert batch_at(began_ms + 25) == []
    assert batch_at(began_ms - 60_000) == [0.020]


def test_what_can_wait_does_so_until_the_last_batch_began_long_ago() -> None:
    rig = Rig(pace=Pace(0, frozenset({"can_wait"}), 40))

    def company_at(now_ms: int) -> Company | None:
        rig.now_ms = now_ms
        rig.log.give(record(len(rig.log.inputs[0])))
        assert rig.runner.turn(0) == 1
        return rig.log.companies[-1]

    began_ms = rig.now_ms + 1_000
    assert company_at(began_ms) is None
    company = company_at(began_ms + 15)
    assert company is not None
    assert company.seconds == 0.025
    assert company.can_wait([(SCHEMA, b"can_wait"), (KIND, b"can_wait")])
    assert not company.can_wait([(SCHEMA, b"can_wait"), (KIND, b"urgent")])
    assert not company.can_wait([])
    assert company_at(began_ms + 15 + 40) is None


def test_a_batch_is_bounded_in_time(rig: Rig) -> None:
    rig.log.give(*(record(offset) for offset in range(200)))

    def slow() -> int:
        rig.now_ms += 300
        return rig.now_ms

    rig.runner._clock = slow
    assert rig.runner.turn(0) == 128
    assert rig.runner.turn(0) == 72
