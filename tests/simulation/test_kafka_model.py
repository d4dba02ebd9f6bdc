"""What the model does by itself, as a broker does in its own time: markers, compaction, giving up."""

from random import Random

import pytest

from services.runtime.log import Fenced
from tests.simulation.kafka_model.cluster import ModelCluster
from tests.simulation.kafka_model.partition_log import Entry, Fate, PartitionLog, Transaction
from tests.simulation.kafka_model.transactions import TRANSACTION_TIMEOUT_MS
from tests.simulation.topology import TOPICS

KEPT_MS = 1_000


def cluster() -> ModelCluster:
    return ModelCluster(Random(1), 1_000, TOPICS)  # noqa: S311 - repeatable on purpose


def write(log: PartitionLog, *pairs: tuple[bytes, bytes | None]) -> None:
    for key, value in pairs:
        log.append(key, value, 0, [])


def kept(entries: list[Entry]) -> list[tuple[bytes, bytes | None]]:
    return [(entry.key, entry.value) for entry in entries]


def test_a_fate_is_sealed_before_readers_learn_of_it() -> None:
    kafka = cluster()
    epoch = kafka.coordinator.initialize("writer")
    transaction = kafka.coordinator.begin("writer", epoch, kafka.now_ms)
    kafka.append("screened", 0, b"key", b"value", 0, [], transaction)
    kafka.append("dispatch", 0, b"key", b"value", 0, [], transaction)
    kafka.coordinator.end("writer", epoch, Fate.COMMITTED)
    logs = [kafka.partition(name, 0) for name in ("screened", "dispatch")]
    seen = [sum(len(list(log.committed(0))) for log in logs)]
    while kafka.coordinator.tell_one():
        seen.append(sum(len(list(log.committed(0))) for log in logs))
    assert seen == [0, 1, 2]


def test_whoever_writes_next_with_the_same_id_waits_for_the_markers() -> None:
    kafka = cluster()
    epoch = kafka.coordinator.initialize("writer")
    for _ in range(2):
        transaction = kafka.coordinator.begin("writer", epoch, kafka.now_ms)
        kafka.append("screened", 0, b"key", b"value", 0, [], transaction)
        kafka.coordinator.end("writer", epoch, Fate.COMMITTED)
    assert len(list(kafka.partition("screened", 0).committed(0))) == 1


def test_an_abandoned_transaction_is_aborted_and_its_producer_fenced() -> None:
    kafka = cluster()
    epoch = kafka.coordinator.initialize("writer")
    transaction = kafka.coordinator.begin("writer", epoch, kafka.now_ms)
    kafka.append("screened", 0, b"key", b"value", 0, [], transaction)
    kafka.advance(TRANSACTION_TIMEOUT_MS)
    assert transaction.fate is Fate.ABORTED
    with pytest.raises(Fenced):
        kafka.coordinator.end("writer", epoch, Fate.COMMITTED)


class TestCompaction:
    def test_keeps_the_newest_of_each_key_at_its_offset(self) -> None:
        log = PartitionLog()
        write(log, (b"a", b"1"), (b"b", b"1"), (b"a", b"2"))
        log.compact(log.end, 0, KEPT_MS)
        assert kept(log.entries) == [(b"b", b"1"), (b"a", b"2")]
        assert [entry.offset for entry in log.committed(1)] == [1, 2]

    def test_may_leave_the_end_as_it_is(self) -> None:
        log = PartitionLog()
        write(log, (b"a", b"1"), (b"a", b"2"), (b"a", b"3"))
        log.compact(2, 0, KEPT_MS)
        assert kept(log.entries) == [(b"a", b"2"), (b"a", b"3")]

    def test_removes_a_tombstone_only_long_after_it_met_it_first(self) -> None:
        log = PartitionLog()
        write(log, (b"a", b"1"), (b"a", None))
        log.compact(log.end, 5_000, KEPT_MS)
        assert kept(log.entries) == [(b"a", None)]
        log.compact(log.end, 5_999, KEPT_MS)
        assert kept(log.entries) == [(b"a", None)]
        log.compact(log.end, 6_000, KEPT_MS)
        assert kept(log.entries) == []

    def test_does_not_touch_what_is_undecided(self) -> None:
        log, transaction = PartitionLog(), Transaction("writer", 0)
        write(log, (b"a", b"1"))
        log.append(b"a", b"open", 0, [], transaction)
        write(log, (b"a", b"2"))
        log.compact(log.end, 0, KEPT_MS)
        assert len(log.entries) == 3

    def test_drops_what_was_aborted(self) -> None:
        log, transaction = PartitionLog(), Transaction("writer", 0)
        write(log, (b"a", b"1"))
        log.append(b"a", b"aborted", 0, [], transaction)
        transaction.fate = Fate.ABORTED
        log.mark(transaction)
        log.compact(log.end, 0, KEPT_MS)
        assert kept(log.entries) == [(b"a", b"1")]
