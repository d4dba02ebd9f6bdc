"""The loop's own decisions, on a log in memory: what it writes, what it gives up, what it sets aside."""

import re
from collections import defaultdict

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from parley.delivery.v1 import dispatch_pb2
from parley.runtime.v1 import runtime_pb2
from parley.window.v1 import windows_pb2
from services.contracts.headers import CONVERSATION, KIND, MESSAGE_ID, TRACEPARENT
from services.contracts.placement import partition_of
from services.runtime.batch import BatchLimits
from services.runtime.dead_letters import DeadLetters
from services.runtime.log import (
    Fenced,
    InputLost,
    LogUnavailable,
    OutcomeUnknown,
    TopicMissing,
    TransactionFailed,
)
from services.runtime.memory_store import MemoryStore
from services.runtime.metrics import StageMetrics
from services.runtime.partition import META_KEY
from services.runtime.points import Point
from services.runtime.record import Record
from services.runtime.runner import StageRunner
from services.runtime.stage_exit import StageMustExit
from services.runtime.stopped import COMPLAINT_MS
from services.runtime.store import StoreFailed
from tests.unit.counting_stage import WINDOWS, CountingStage, record
from tests.unit.memory_log import CHANGELOG, COMMITTED, MemoryLog

NOW_MS = 1_000_000


class Rig:
    """A runner with a log and stores in memory, and a clock that stands."""

    def __init__(self, limits: BatchLimits | None = None, per_minute: int = 100) -> None:
        self.log = MemoryLog()
        self.stores: dict[int, MemoryStore] = defaultdict(MemoryStore)
        self.points: list[Point] = []
        self.pauses: list[float] = []
        self.registry = CollectorRegistry()
        self.now_ms = NOW_MS
        stage = CountingStage()
        self.runner = StageRunner(
            stage,
            self.log,
            self.stores.__getitem__,
            lambda: self.now_ms,
            DeadLetters(stage.name, stage.input, lambda: self.now_ms, per_minute),
            StageMetrics(stage.name, self.registry),
            limits=limits or BatchLimits(pace_milliseconds=0),
            observe=self.points.append,
            pause=self.pauses.append,
        )
        self.runner.start()
        self.log.assign(0, 1)
        self.points.clear()

    def drain(self) -> None:
        """Turn until all input is done."""
        for _ in range(1_000):
            if not self.runner.turn(0) and all(
                self.log.caught_up(number) for number in self.runner.partitions
            ):
                return
        raise AssertionError("the input does not come to an end")

    def counts(self) -> list[int]:
        """The counts told, in order of partition and offset."""
        return [
            event.opened_at_ms for event in map(windows_pb2.WindowEvent.FromString, self.values("windows"))
        ]

    def values(self, topic: str) -> list[bytes]:
        return [value for value in self.log.values(topic) if value is not None]

    def letters(self) -> list[runtime_pb2.DeadLettered]:
        return [runtime_pb2.DeadLettered.FromString(value) for value in self.values("dead-letters")]

    def store_meta(self, partition: int = 0) -> runtime_pb2.StateMeta | None:
        return self.stores[partition].meta()


@pytest.fixture
def rig() -> Rig:
    return Rig()


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
    rig = Rig(BatchLimits(pace_milliseconds=20))

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


def test_a_batch_is_bounded_in_time(rig: Rig) -> None:
    rig.log.give(*(record(offset) for offset in range(200)))

    def slow() -> int:
        rig.now_ms += 300
        return rig.now_ms

    rig.runner._clock = slow
    assert rig.runner.turn(0) == 128
    assert rig.runner.turn(0) == 72


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


BAD = record(1, "invariant")


def bad(kind: str, **headers: bytes) -> Record:
    """A record that breaks an invariant, of a kind."""
    named = {"parley-kind": kind.encode(), "parley-message-id": b"wamid.1", **headers}
    return BAD._replace(headers=[(name.replace("_", "-"), value) for name, value in named.items() if value])


@pytest.mark.parametrize("kind", ["send_requested", "send_screened", "send_assessed", "content_held"])
def test_a_request_that_cannot_be_applied_is_failed(rig: Rig, kind: str) -> None:
    rig.log.give(record(0), bad(kind)._replace(timestamp_ms=44), record(2))
    rig.drain()
    assert rig.counts() == [1, 2]
    (letter,) = rig.letters()
    assert (letter.stage, letter.topic, letter.partition, letter.offset) == ("counting", BAD.topic, 0, 1)
    assert (letter.key, letter.value, letter.kind, letter.message_id) == (BAD.key, BAD.value, kind, "wamid.1")
    assert (letter.reason, letter.recorded_at_ms) == ("invariant", 44)
    assert letter.error == "InvariantBroken: the message says so"
    (failed,) = rig.values("dispatch")
    event = dispatch_pb2.DispatchEvent.FromString(failed).send_failed
    assert (event.message_id, event.refusal.code, event.failed_at_ms) == ("wamid.1", 131_000, 44)
    assert "parley.screened/0/1" in event.refusal.details
    ((_, number),) = [
        place for place, entries in rig.log.topics.items() if place[0] == "dispatch" and entries
    ]
    (entry,) = [each for each in rig.log.topics["dispatch", number] if each.state == COMMITTED]
    assert (entry.key, entry.timestamp_ms) == (b"b:u", 44)
    assert (KIND, b"send_failed") in entry.headers
    assert (MESSAGE_ID, b"wamid.1") in entry.headers
    assert Point.SET_ASIDE in rig.points


def test_a_request_is_failed_in_the_conversation_that_its_header_names(rig: Rig) -> None:
    rig.log.give(bad("send_assessed", **{CONVERSATION: b"b:other"}))
    rig.drain()
    entries = [each for (name, _), found in rig.log.topics.items() if name == "dispatch" for each in found]
    assert [each.key for each in entries if each.state == COMMITTED] == [b"b:other"]


def test_a_record_set_aside_keeps_its_trace(rig: Rig) -> None:
    rig.log.give(bad("send_screened", **{TRACEPARENT: b"00-a-b-01"}))
    rig.drain()
    written = [
        each
        for (name, _), found in rig.log.topics.items()
        if name in ("dispatch", "dead-letters")
        for each in found
        if each.state == COMMITTED
    ]
    assert [dict(each.headers)[TRACEPARENT] for each in written] == [b"00-a-b-01"] * 2


@pytest.mark.parametrize(
    "kind",
    [
        "receipt_received",
        "customer_was_offline",
        "customer_connected",
        "customer_message_read",
        "read_mark_requested",
        "ticked",
    ],
)
def test_what_only_informs_is_dead_lettered(rig: Rig, kind: str) -> None:
    rig.log.give(bad(kind), record(2))
    rig.drain()
    assert [letter.kind for letter in rig.letters()] == [kind]
    assert (rig.values("dispatch"), rig.counts(), rig.log.offsets[0]) == ([], [1], 3)


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


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (BAD._replace(value=b"\xff"), "undecodable"),
        (record(1, "bug"), "failing"),
        (record(1, "large"), "too_large"),
    ],
)
def test_the_letter_says_why(rig: Rig, broken: Record, reason: str) -> None:
    rig.log.give(broken._replace(headers=bad("receipt_received").headers))
    rig.drain()
    assert [letter.reason for letter in rig.letters()] == [reason]


def test_a_value_that_makes_the_letter_too_large_is_left_where_it_lies(rig: Rig) -> None:
    rig.log.give(BAD._replace(value=b"\xff" * 990_000, headers=bad("receipt_received").headers))
    rig.drain()
    (letter,) = rig.letters()
    assert (letter.value, letter.offset) == (b"", 1)


def test_too_many_in_a_minute_stop_the_service() -> None:
    rig = Rig(per_minute=3)
    letters = [bad("ticked")._replace(offset=offset) for offset in range(7)]
    rig.log.give(*letters[:3])
    rig.drain()
    rig.now_ms += 60_000
    rig.log.give(*letters[3:6])
    rig.drain()
    rig.now_ms += 59_999
    rig.log.give(letters[6])
    with pytest.raises(StageMustExit, match="more than 3 records could not be applied within a minute"):
        rig.runner.turn(0)
    assert len(rig.letters()) == 6


def test_a_record_whose_batch_is_tried_again_counts_once() -> None:
    rig = Rig(per_minute=1)
    rig.log.give(bad("ticked"))
    rig.log.fail["commit"].extend(TransactionFailed("no coordinator") for _ in range(3))
    rig.drain()
    assert len(rig.letters()) == 1


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
    assert rig.log.limits[:4] == [BatchLimits().records] * 3 + [1]
    assert rig.log.limits[-1] == BatchLimits().records


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


def test_closing_leaves_the_group_and_the_stores(rig: Rig) -> None:
    rig.runner.close()
    assert rig.log.calls[-1] == "close"
    assert rig.runner.partitions == {}
