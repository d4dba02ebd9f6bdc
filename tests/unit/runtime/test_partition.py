"""`Partition` and `Rows`: order, timers, settings, and batches that may be cut anywhere."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.consent.v1 import screened_pb2
from parley.runtime.v1 import runtime_pb2
from parley.settings.v1 import settings_pb2
from parley.window.v1 import window_row_pb2
from services.contracts.headers import TRACEPARENT, header, headers_for
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import OutOfOrder, Partition, TimerFailed, Undecodable
from services.runtime.record import Output, Record, TooLarge
from services.runtime.rows import Row, Rows
from services.runtime.settings_seen import VERSIONS_KEPT_MAX
from services.runtime.stage import InvariantBroken
from services.runtime.timers import NEVER
from tests.unit.runtime.counting_stage import INPUT_TOPIC, OWN_TRACE, WINDOWS, CountingStage, record, told


def rows(**stored: int) -> Rows:
    """Rows above stored ones: key to wake time."""
    state = {
        key.encode(): Row(window_row_pb2.WindowRow(wake_at_ms=wake).SerializeToString(), wake)
        for key, wake in stored.items()
    }
    return Rows(window_row_pb2.WindowRow, state.get)


def row(wake_at_ms: int) -> window_row_pb2.WindowRow:
    return window_row_pb2.WindowRow(wake_at_ms=wake_at_ms)


def test_a_row_that_was_read_changes_nothing_until_it_is_put() -> None:
    state = rows(a=5)
    read = state.get(b"a")
    assert isinstance(read, window_row_pb2.WindowRow)
    read.wake_at_ms = 9
    assert state.get(b"a") == row(5)
    state.put(b"a", read)
    assert state.get(b"a") == row(9)


def test_what_a_record_did_is_kept_or_forgotten_as_a_whole() -> None:
    state = rows(a=5, b=6)
    state.put(b"a", row(7))
    state.keep()
    state.put(b"a", row(8))
    state.put(b"a", row(9))
    state.delete(b"b")
    state.put(b"c", row(1))
    state.forget()
    assert (state.get(b"a"), state.get(b"b"), state.get(b"c")) == (row(7), row(6), None)
    assert state.changed.keys() == {b"a"}
    assert state.committed(b"a") == Row(row(5).SerializeToString(), 5)


def test_deleting_and_writing_again_in_one_batch() -> None:
    state = rows(a=5)
    state.delete(b"a")
    state.delete(b"none")
    state.keep()
    assert state.get(b"a") is None
    assert state.changed == {b"a": None}
    state.put(b"a", row(1))
    state.keep()
    assert state.wake_at_ms(b"a") == 1


def counts(partition: Partition) -> list[tuple[int, str, str]]:
    return [told(output) for output, _ in partition.outputs]


@pytest.fixture
def partition() -> Partition:
    return Partition(CountingStage(), MemoryStore())


def test_outputs_have_the_time_and_the_trace_of_their_cause(partition: Partition) -> None:
    traced = record(4, at_ms=77)
    traced.headers.append((TRACEPARENT, b"00-a-b-01"))
    partition.step(traced)
    ((output, at_ms),) = partition.outputs
    assert (at_ms, header(output.headers, TRACEPARENT)) == (77, b"00-a-b-01")
    assert partition.next_offset == 5


def test_an_output_about_something_older_keeps_a_trace_of_its_own(partition: Partition) -> None:
    traced = record(4, "trace")
    traced.headers.append((TRACEPARENT, b"00-a-b-01"))
    partition.step(traced)
    ((output, _),) = partition.outputs
    assert [value for name, value in output.headers if name == TRACEPARENT] == [OWN_TRACE]


def test_timers_fire_in_order_before_the_record_that_makes_them_due(partition: Partition) -> None:
    for offset, (key, wake) in enumerate([(b"b:1", 30), (b"b:2", 10), (b"b:3", 20), (b"b:4", 20)]):
        partition.step(record(offset, f"wake+{wake}", key))
    partition.commit(partition.meta())
    assert partition.next_timer_ms == 10
    partition.step(record(9, at_ms=20, key=b"b:9"))
    assert [output.key for output, _ in partition.outputs] == [b"b:2", b"b:3", b"b:4", b"b:9"]
    assert {at_ms for _, at_ms in partition.outputs} == {20}
    assert counts(partition)[0] == (1, "0/9", "woken")
    assert partition.next_timer_ms == 30


def test_a_record_out_of_time_moves_no_time_back(partition: Partition) -> None:
    partition.step(record(0, at_ms=100))
    partition.step(record(1, "wake+50", b"b:2", at_ms=20))
    assert partition.stage_time_ms == 100
    # Due at 70, which is over: it fires with the next record, whatever its own time is.
    partition.step(record(2, at_ms=30, key=b"b:3"))
    assert [account for _, _, account in counts(partition)] == ["", "", "woken", ""]


def test_a_tick_only_moves_the_time(partition: Partition) -> None:
    partition.step(record(0, "wake+50"))
    tick = screened_pb2.ScreenedEvent(ticked=runtime_pb2.Ticked(at_ms=60))
    partition.step(Record(INPUT_TOPIC, 0, 1, b"", tick.SerializeToString(), 60, headers_for(tick, "ticked")))
    assert counts(partition)[1:] == [(1, "0/1", "woken")]
    assert (partition.stage_time_ms, partition.next_offset) == (60, 2)


def test_a_timer_that_was_moved_or_whose_row_is_gone_does_not_count(partition: Partition) -> None:
    partition.step(record(0, "wake+10", b"b:1"))
    partition.step(record(1, "wake+10", b"b:2"))
    partition.step(record(2, "wake+90", b"b:1"))
    partition.step(record(3, "delete", b"b:2"))
    assert not partition.timer_due(50)
    assert partition.timer_due(90)
    assert partition.next_timer_ms == 90


def test_more_timers_than_one_batch_holds_are_cut() -> None:
    partition = Partition(CountingStage(), MemoryStore(), timers_per_step=3)
    for offset in range(8):
        partition.step(record(offset, "wake+10", f"b:{offset}".encode()))
    partition.commit(partition.meta())
    fired = []
    while not partition.step(record(8, at_ms=50)):
        assert (partition.next_offset, partition.stage_time_ms) == (8, 50)
        fired.append(len(partition.outputs))
        partition.commit(partition.meta())
    assert (fired, len(partition.outputs)) == ([3, 3], 2 + 1)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (record(1)._replace(value=b"\xff\xff"), Undecodable),
        (record(1)._replace(value=b""), Undecodable),
        (record(1)._replace(value=None), Undecodable),
        (record(1, "invariant"), InvariantBroken),
        (record(1, "bug"), ZeroDivisionError),
        (record(1, "large"), TooLarge),
    ],
)
def test_a_record_that_fails_leaves_no_trace_and_can_be_gone_past(
    partition: Partition, bad: Record, error: type[Exception]
) -> None:
    partition.step(record(0))
    with pytest.raises(error):
        partition.step(bad)
    assert (partition.next_offset, len(partition.outputs)) == (1, 1)
    letter = Output(WINDOWS, b"b:u", b"letter", [])
    assert partition.skip(bad, [letter])
    partition.step(record(2))
    assert partition.outputs[1] == (letter, bad.timestamp_ms)
    assert told(partition.outputs[2][0])[0] == 2


def test_going_past_a_record_fires_its_timers(partition: Partition) -> None:
    partition.step(record(0, "wake+10"))
    partition.skip(record(1, at_ms=20), [])
    assert counts(partition)[1:] == [(1, "0/1", "woken")]


def test_a_stage_that_fails_on_a_timer_stops_the_partition(partition: Partition) -> None:
    partition.step(record(0, "timer-bug+10"))
    with pytest.raises(TimerFailed, match=r"b:u.*due 10.*says so"):
        partition.step(record(1, at_ms=10, key=b"b:2"))


def test_a_record_given_twice_is_refused(partition: Partition) -> None:
    partition.step(record(5))
    with pytest.raises(OutOfOrder):
        partition.step(record(5))


def setting(offset: int, version: int) -> Record:
    event = screened_pb2.ScreenedEvent(
        setting_changed=settings_pb2.SettingChanged(key="platform", version=version)
    )
    return Record(
        INPUT_TOPIC,
        0,
        offset,
        b"platform",
        event.SerializeToString(),
        0,
        headers_for(event, "setting_changed"),
    )


def test_settings_are_state(partition: Partition) -> None:
    partition.step(setting(0, 3))
    partition.step(setting(1, 2))
    partition.step(record(2))
    assert counts(partition) == [(1, "0/2", "v3")]
    assert len(partition.changes()) == 2
    partition.commit(partition.meta())
    partition.step(setting(3, 4))
    partition.rollback()
    partition.step(record(3))
    assert counts(partition) == [(2, "0/3", "v3")]


def test_old_versions_of_a_setting_are_forgotten(partition: Partition) -> None:
    for version in range(VERSIONS_KEPT_MAX + 2):
        partition.step(setting(version, version + 1))
    gone = [value for value in partition.changes().values() if value is None]
    assert len(gone) == 2


def test_a_rollback_returns_to_the_last_commit(partition: Partition) -> None:
    partition.step(record(0, "wake+10"))
    partition.commit(partition.meta())
    partition.step(record(1, at_ms=500))
    partition.step(record(2, "wake+10", b"b:2"))
    partition.rollback()
    assert (partition.next_offset, partition.stage_time_ms, partition.outputs) == (1, 0, [])
    assert partition.changes() == {}
    assert partition.next_timer_ms == 10
    partition.step(record(1, at_ms=5))
    assert counts(partition) == [(2, "0/1", "")]


def test_an_empty_partition_begins_where_it_is_told() -> None:
    partition = Partition(CountingStage(), MemoryStore(), 40)
    partition.step(record(41))
    partition.rollback()
    assert (partition.next_offset, partition.next_timer_ms) == (40, NEVER)


def test_the_meta_says_where_the_partition_stands(partition: Partition) -> None:
    partition.step(record(0, at_ms=9))
    expected = runtime_pb2.StateMeta(next_offset=1, stage_time_ms=9, rules_version=2, stage="counting")
    assert partition.meta() == expected


INPUTS = st.lists(
    st.tuples(
        st.sampled_from([b"b:1", b"b:2", b"b:3"]),
        st.sampled_from(["m", "delete", "bug", "invariant"]) | st.integers(0, 40).map("wake+{}".format),
        st.integers(0, 100),
    ),
    max_size=40,
)


def run(inputs: list[Record], ends_batch: Callable[[int], str]) -> tuple[list[object], object]:
    """Outputs and final state; ``ends_batch`` says after which record to ``commit``, ``crash`` or go on."""
    store = MemoryStore()
    partition = Partition(CountingStage(), store)
    outputs: list[object] = []

    def commit() -> None:
        outputs.extend((output.key, output.value, at_ms) for output, at_ms in partition.outputs)
        partition.commit(partition.meta())

    position, crashed = 0, set[int]()
    while position < len(inputs):
        each = inputs[position]
        try:
            if not partition.step(each):
                commit()
                continue
        except (InvariantBroken, ZeroDivisionError):
            partition.skip(each, [Output(WINDOWS, each.key, b"letter", [])])
        position += 1
        what = ends_batch(each.offset)
        if what == "commit":
            commit()
        elif what == "crash" and each.offset not in crashed:
            crashed.add(each.offset)
            partition = Partition(CountingStage(), store)
            position = partition.next_offset
        elif what == "abort" and each.offset not in crashed:
            crashed.add(each.offset)
            partition.rollback()
            position = partition.next_offset
    commit()
    return outputs, (store._rows, store.timers(None, 1_000), store.meta())


@given(inputs=INPUTS, data=st.data())
@settings(max_examples=150, deadline=None)
def test_batches_may_be_cut_and_replayed_anywhere(
    inputs: list[tuple[bytes, str, int]], data: st.DataObject
) -> None:
    records = [
        record(offset, message_id, key, at_ms) for offset, (key, message_id, at_ms) in enumerate(inputs)
    ]
    cuts = [data.draw(st.sampled_from(["", "", "commit", "crash", "abort"])) for _ in records]
    assert run(records, cuts.__getitem__) == run(records, lambda _: "")
