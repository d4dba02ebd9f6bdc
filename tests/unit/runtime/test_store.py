"""The store port: the same tests on disk and in memory."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.runtime.v1 import runtime_pb2
from services.runtime.memory_store import MemoryStore
from services.runtime.rocks_store import RocksStore
from services.runtime.rows import Row
from services.runtime.store import Change, Store, StoreFailed, Timer
from services.runtime.timers import FETCHED, NEAR_MAX, NEVER, Timers

META = runtime_pb2.StateMeta(next_offset=7, stage="counting", rules_version=1)


@pytest.fixture(params=["memory", "rocks"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else RocksStore(tmp_path / "p")
    yield store
    store.close()


def put(store: Store, rows: dict[bytes, int]) -> None:
    """Write rows that are their own key, with these wake times."""
    changes = {}
    for key, wake_at_ms in rows.items():
        before = store.get(key)
        changes[key] = Change(Row(key, wake_at_ms), before.wake_at_ms if before else 0)
    store.write(changes, META)


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert store.get(b"a") is None
    assert store.meta() is None
    assert store.timers(None, 10) == []
    assert list(store.scan(b"")) == []


def test_what_is_written_is_there(store: Store) -> None:
    store.write({b"a": Change(Row(b"1", 5), 0), b"b": Change(Row(b"", 0), 0)}, META)
    assert store.get(b"a") == Row(b"1", 5)
    assert store.get(b"b") == Row(b"", 0)
    assert store.meta() == META


def test_a_deleted_row_is_gone_with_its_timer(store: Store) -> None:
    put(store, {b"a": 5})
    store.write({b"a": Change(None, 5)}, META)
    assert store.get(b"a") is None
    assert store.timers(None, 10) == []


def test_deleting_what_is_not_there_does_nothing(store: Store) -> None:
    store.write({b"a": Change(None, 0)}, META)
    assert store.get(b"a") is None


def test_a_meta_that_was_read_can_be_changed_without_effect(store: Store) -> None:
    store.write({}, META)
    read = store.meta()
    assert read is not None
    read.next_offset = 99
    assert store.meta() == META


def test_scan_gives_a_prefix_in_order(store: Store) -> None:
    put(store, {b"b/2": 0, b"a/1": 0, b"b/1": 3, b"c": 0, b"b": 0})
    assert [key for key, _ in store.scan(b"b/")] == [b"b/1", b"b/2"]
    assert list(store.scan(b"b/1")) == [(b"b/1", b"b/1")]


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [
        (None, 10, [(1, b"z"), (2, b"a"), (2, b"a\x00"), (2, b"b"), (1 << 40, b"a-late")]),
        (None, 2, [(1, b"z"), (2, b"a")]),
        (Timer(2, b"a"), 10, [(2, b"a\x00"), (2, b"b"), (1 << 40, b"a-late")]),
        (Timer(2, b""), 2, [(2, b"a"), (2, b"a\x00")]),
        (Timer(1 << 40, b"a-late"), 10, []),
    ],
)
def test_timers_come_by_time_then_key(
    store: Store, after: Timer | None, limit: int, expected: list[tuple[int, bytes]]
) -> None:
    put(store, {b"a-late": 1 << 40, b"b": 2, b"a": 2, b"a\x00": 2, b"z": 1, b"never": 0})
    assert store.timers(after, limit) == expected


def test_a_moved_timer_is_at_its_new_time_only(store: Store) -> None:
    put(store, {b"a": 5, b"b": 6})
    put(store, {b"a": 7, b"b": 0})
    assert store.timers(None, 10) == [(7, b"a")]


def test_a_cleared_store_is_empty_and_usable(store: Store) -> None:
    put(store, {b"a": 5})
    store.clear()
    assert (store.get(b"a"), store.meta(), store.timers(None, 1)) == (None, None, [])
    put(store, {b"b": 1})
    assert store.timers(None, 10) == [(1, b"b")]


def test_closing_twice_is_safe(store: Store) -> None:
    store.close()
    store.close()


def test_a_store_on_disk_outlives_its_process(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "p")
    put(store, {b"a": 5})
    store.close()
    store = RocksStore(tmp_path / "p")
    assert (store.get(b"a"), store.meta(), store.timers(None, 9)) == (Row(b"a", 5), META, [(5, b"a")])
    store.close()


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "p")
    with pytest.raises(StoreFailed, match="LOCK"):
        RocksStore(tmp_path / "p")
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / "CURRENT").write_bytes(b"garbage"),
        lambda path: next(path.glob("MANIFEST-*")).unlink(),
        lambda path: next(path.glob("MANIFEST-*")).write_bytes(b"\x00" * 100),
    ],
    ids=["current", "no manifest", "manifest"],
)
def test_a_damaged_store_begins_empty_and_says_so(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    store = RocksStore(tmp_path / "p")
    put(store, {b"a": 5})
    store.close()
    damage(tmp_path / "p")
    store = RocksStore(tmp_path / "p")
    assert store.began_empty_because is not None
    assert (store.get(b"a"), store.meta()) == (None, None)
    store.close()


def test_a_closed_store_fails_and_blames_no_record(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "p")
    store.close()
    for use in (
        lambda: store.get(b"a"),
        lambda: list(store.scan(b"")),
        lambda: store.timers(None, 1),
        lambda: store.write({}, META),
    ):
        with pytest.raises(StoreFailed):
            use()


def take_all(timers: Timers) -> list[Timer]:
    taken = []
    while timers.next_due_ms < NEVER:
        taken.append(timers.pop())
    return taken


@pytest.mark.parametrize("count", [0, 1, FETCHED - 1, FETCHED, FETCHED + 1, 3 * FETCHED])
def test_all_stored_timers_come_in_order(store: Store, count: int) -> None:
    put(store, {f"{number:05}".encode(): 1 + number // 3 for number in range(count)})
    taken = take_all(Timers(store))
    assert taken == store.timers(None, count + 1)


@given(
    stored=st.sets(st.integers(1, 2_000), max_size=4 * FETCHED),
    batch=st.lists(st.integers(1, 2_000), max_size=50),
    taken_before=st.integers(0, 2 * FETCHED),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_timers_of_a_batch_come_among_the_stored_ones(
    stored: set[int], batch: list[int], taken_before: int
) -> None:
    store = MemoryStore()
    put(store, {f"s{due}".encode(): due for due in stored})
    timers = Timers(store)
    gone: list[Timer] = []
    while len(gone) < taken_before and timers.next_due_ms < NEVER:
        gone.append(timers.pop())
    for number, due in enumerate(batch):
        timers.add(Timer(due, f"b{number}".encode()))
    left = set(store.timers(None, 5_000)) - set(gone)
    expected = sorted(left | {Timer(due, f"b{number}".encode()) for number, due in enumerate(batch)})
    assert take_all(timers) == expected


def test_after_a_commit_the_far_ones_come_from_the_store() -> None:
    store = MemoryStore()
    put(store, {f"s{number:04}".encode(): number + 1 for number in range(FETCHED)})
    timers = Timers(store)
    timers.add(Timer(9_999, b"far"))
    put(store, {b"far": 9_999})
    timers.committed()
    assert take_all(timers)[-1] == (9_999, b"far")


def test_many_timers_are_left_to_the_store() -> None:
    store = MemoryStore()
    timers = Timers(store)
    rows = {f"b{number:05}".encode(): number + 1 for number in range(NEAR_MAX + 10)}
    for key, due in rows.items():
        timers.add(Timer(due, key))
    put(store, rows)
    timers.committed()
    assert len(timers._near) == FETCHED
    assert take_all(timers) == store.timers(None, NEAR_MAX + 10)


def test_the_disk_is_asked_for_a_directory_of_its_own(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    store = RocksStore(tmp_path / "deep" / "p")
    put(store, {b"a": 0})
    store.close()
