"""`restore`: what a partition does with what it finds, as a table."""

from collections.abc import Callable, Generator
from typing import NamedTuple

import pytest

from parley.runtime.v1 import runtime_pb2
from parley.window.v1 import window_row_pb2
from services.runtime.log import ChangelogPiece, Log
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import META_KEY, SETTING_PREFIX
from services.runtime.restore import STUCK_MS, Restored, restore
from services.runtime.rows import Row
from services.runtime.stage_exit import StageMustExit
from services.runtime.store import Change
from tests.unit.runtime.counting_stage import CountingStage
from tests.unit.runtime.memory_log import CHANGELOG, GONE, OPEN, Entry, MemoryLog

NOW_MS = 1_760_000_000_000
DAY_MS = 86_400_000


def row(count: int, wake_at_ms: int = 0) -> bytes:
    return window_row_pb2.WindowRow(opened_at_ms=count, wake_at_ms=wake_at_ms).SerializeToString()


def meta(next_offset: int, **other: object) -> runtime_pb2.StateMeta:
    fields: dict[str, object] = {"stage": "counting", "rules_version": 2, "stage_time_ms": next_offset * 10}
    return runtime_pb2.StateMeta(next_offset=next_offset, **{**fields, **other})  # type: ignore[arg-type]


def transaction(next_offset: int, rows: dict[bytes, bytes | None], state: str = "committed") -> list[Entry]:
    """A transaction in the changelog, with its marker if it is ended."""
    written = [Entry(key, value, state=state) for key, value in rows.items()]
    written.append(Entry(META_KEY, meta(next_offset).SerializeToString(), state=state))
    return written if state == OPEN else [*written, Entry(b"", None, state=GONE)]


FIRST = transaction(3, {b"a": row(1, 50), b"b": row(1)})
SECOND = transaction(7, {b"a": row(2), b"b": None, b"c": row(1, 60), SETTING_PREFIX + b"x": b"setting"})
CHANGES = FIRST + SECOND
END = len(CHANGES)
ROWS = {b"a": Row(row(2), 0), b"c": Row(row(1, 60), 60), SETTING_PREFIX + b"x": Row(b"setting", 0)}


def local(next_offset: int = 3, changelog_offset: int = len(FIRST), **other: object) -> MemoryStore:
    """A store that stands at the first transaction, unless told otherwise."""
    fields: dict[str, object] = {
        "cluster_id": CHANGELOG.cluster_id,
        "changelog_topic_id": CHANGELOG.topic_id,
        "changelog_offset": changelog_offset,
        "written_at_ms": NOW_MS - 1,
    }
    store = MemoryStore()
    rows = {b"a": Change(Row(row(1, 50), 50), 0), b"b": Change(Row(row(1), 0), 0)}
    store.write(rows, meta(next_offset, **{**fields, **other}))
    return store


def caught_up() -> MemoryStore:
    """A store that has both transactions, up to before the last marker."""
    store = local(7, END - 1)
    stands = store.meta()
    assert stands is not None
    changes = {key: Change(each, 0) for key, each in ROWS.items()}
    store.write({**changes, b"a": Change(ROWS[b"a"], 50), b"b": Change(None, 0)}, stands)
    return store


def log_with(changes: list[Entry], committed: int | None, **starts: int) -> MemoryLog:
    log = MemoryLog()
    log.changelog_entries().extend(changes)
    if committed is not None:
        log.offsets[0] = committed
    log.starts[0] = starts.get("start", 0)
    return log


class Ticking:
    """A clock that moves on by a second each time it is read."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        self.now_ms += 1_000
        return self.now_ms


def run(log: Log, store: MemoryStore) -> Restored:
    return restore(0, CountingStage(), log, store, lambda: NOW_MS)


class Case(NamedTuple):
    """What is found, and what is to come of it."""

    name: str
    store: Callable[[], MemoryStore]
    changes: list[Entry]
    committed: int | None
    start: int
    """Where to begin."""
    read: int
    """Changelog records read."""
    rebuilt: str | None = None
    """Part of the reason to rebuild the store."""


CASES = [
    Case("a first start", MemoryStore, [], None, 11, 0),
    Case("a lost store", MemoryStore, CHANGES, 7, 7, 8),
    Case("a store that is behind", local, CHANGES, 7, 7, 5),
    Case("a store that stands at the end", caught_up, CHANGES, 7, 7, 0),
    Case("lost group offsets", local, CHANGES, None, 7, 5),
    Case("lost store and group offsets", MemoryStore, CHANGES, None, 7, 8),
    Case("a store ahead of the changelog", lambda: local(9, END + 1), CHANGES, 7, 7, 8, "ahead"),
    Case("a store ahead of the group", lambda: local(9, END), CHANGES, 7, 7, 8, "disagrees"),
    Case("a store of another cluster", lambda: local(cluster_id="c2"), CHANGES, 7, 7, 8, "on cluster c2"),
    Case("a store of another stage", lambda: local(stage="consent"), CHANGES, 7, 7, 8, "belongs to consent"),
    Case("another partition", lambda: local(partition=1), CHANGES, 7, 7, 8, "belongs to partition 1"),
    Case("a changelog made anew", lambda: local(changelog_topic_id="t2"), CHANGES, 7, 7, 8, "made anew"),
    Case("a stale store", lambda: local(written_at_ms=NOW_MS - DAY_MS // 2 - 1), CHANGES, 7, 7, 8, "so old"),
    Case("a store just not stale", lambda: local(written_at_ms=NOW_MS - DAY_MS // 2), CHANGES, 7, 7, 5),
    Case("a store of older rules", lambda: local(rules_version=1), CHANGES, 7, 7, 5),
    Case(
        "a store whose restore was cut off",
        lambda: local(0, len(FIRST), rules_version=0),
        CHANGES,
        7,
        7,
        5,
    ),
    Case(
        "an aborted transaction in the changelog",
        local,
        CHANGES[: len(FIRST)] + transaction(9, {b"a": row(9)}, GONE) + SECOND + transaction(9, {}, GONE),
        7,
        7,
        5,
    ),
    Case(
        "a newer store of another cluster",
        lambda: local(rules_version=9, cluster_id="x"),
        CHANGES,
        7,
        7,
        8,
        "x",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_partition_begins_where_the_group_stands(case: Case) -> None:
    store = case.store()
    log = log_with(case.changes, case.committed, start=11)
    restored = run(log, store)
    assert (restored.start, restored.records) == (case.start, case.read)
    assert (case.rebuilt or "") in (restored.rebuilt_because or "")
    assert (case.rebuilt is None) == (restored.rebuilt_because is None)
    stands = store.meta()
    if not case.changes:
        assert stands is None
        return
    assert stands is not None
    assert dict(store.scan(b"")) == {key: each.value for key, each in ROWS.items()}
    assert store.timers(None, 10) == [(60, b"c")]
    assert (stands.next_offset, stands.stage_time_ms) == (7, 70)
    assert stands.changelog_offset == len(case.changes)
    assert (stands.cluster_id, stands.changelog_topic_id) == (CHANGELOG.cluster_id, CHANGELOG.topic_id)


NEWER = [*CHANGES[:-2], Entry(META_KEY, meta(7, rules_version=3).SerializeToString()), CHANGES[-1]]
REFUSED = [
    ("the offset is ahead of the state", local, CHANGES, 8, r"offset is 8 but the state is at 7"),
    ("the offset is behind the state", MemoryStore, CHANGES, 6, r"offset is 6 but the state is at 7"),
    ("an offset without state", MemoryStore, [], 6, r"offset is 6 but the changelog has no state"),
    ("a store with an offset and no changelog", local, [], 3, r"offset is 3 but the changelog has no state"),
    ("a store of newer rules", lambda: local(rules_version=3), CHANGES, 7, r"version 3 .* version 2"),
    ("a changelog of newer rules", MemoryStore, NEWER, 7, r"version 3 .* version 2"),
    ("a changelog of newer rules, read on", local, NEWER, 7, r"version 3 .* version 2"),
    ("rows without meta", MemoryStore, [Entry(b"a", row(1))], None, r"rows but no meta"),
    ("a changelog of another kind", MemoryStore, [Entry(b"a", b"\xff")], None, r"no row under b'a'"),
]


@pytest.mark.parametrize(
    ("store", "changes", "committed", "sentence"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_what_does_not_fit_is_named_and_ends_the_process(
    store: Callable[[], MemoryStore], changes: list[Entry], committed: int | None, sentence: str
) -> None:
    with pytest.raises(StageMustExit, match=sentence):
        run(log_with(changes, committed), store())


def test_the_offset_is_known_before_the_end_of_the_changelog() -> None:
    log = log_with(CHANGES, 7)
    run(log, MemoryStore())
    assert log.calls.index("committed") < log.calls.index("changelog_end")


def test_a_transaction_that_is_being_committed_is_waited_for() -> None:
    log = log_with(FIRST + transaction(7, {b"a": row(2)}, OPEN), 7)
    entries = log.changelog_entries()

    class Committing(Ticking):
        """The transaction's end comes while the restore waits."""

        def __call__(self) -> int:
            if self.now_ms == NOW_MS + 10_000:
                for entry in entries:
                    if entry.state == OPEN:
                        entry.state = "committed"
            return super().__call__()

    store = MemoryStore()
    assert restore(0, CountingStage(), log, store, Committing()).start == 7
    assert store.get(b"a") == Row(row(2), 0)


def test_a_transaction_that_never_ends_is_not_waited_for_for_ever() -> None:
    log = log_with(FIRST + transaction(7, {b"a": row(2)}, OPEN), 3)
    clock = Ticking()
    with pytest.raises(StageMustExit, match=r"from 4 to 6: look for a transaction"):
        restore(0, CountingStage(), log, MemoryStore(), clock)
    assert clock.now_ms > NOW_MS + STUCK_MS


def test_a_restore_that_is_cut_off_goes_on_where_it_was() -> None:
    store = MemoryStore()
    log = log_with(CHANGES[:4], None)
    del log.changelog_entries()[2:]
    with pytest.raises(StageMustExit, match="no meta"):
        run(log, store)
    log = log_with(CHANGES, 7)
    assert run(log, store).records == 6
    assert "read_changelog from 2" in log.calls
    assert store.get(b"a") == Row(row(2), 0)


class CutOff(Exception):
    """The process ends in the middle of a restore."""


def cut_off_at(now_ms: int, store: MemoryStore) -> MemoryStore:
    """Read one piece more of the changelog, at this time, and end."""

    class Cutting(MemoryLog):
        def read_changelog(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
            yield next(super().read_changelog(partition, start))
            raise CutOff

    log = Cutting()
    log.changelog_entries().extend(CHANGES)
    log.offsets[0] = 7
    with pytest.raises(CutOff):
        restore(0, CountingStage(), log, store, lambda: now_ms)
    return store


def test_a_store_is_as_old_as_the_first_part_of_a_restore_that_is_cut_off_again_and_again() -> None:
    """Else a row that the first part brought would outlive what deletes it."""
    store = cut_off_at(NOW_MS, MemoryStore())
    cut_off_at(NOW_MS + DAY_MS // 2, store)
    stands = store.meta()
    assert stands is not None
    assert (stands.changelog_offset, stands.written_at_ms) == (4, NOW_MS)
    log = log_with(CHANGES, 7)
    restored = restore(0, CountingStage(), log, store, lambda: NOW_MS + DAY_MS // 2 + 1)
    assert "so old" in (restored.rebuilt_because or "")
    assert dict(store.scan(b"")) == {key: each.value for key, each in ROWS.items()}


def test_a_store_that_is_read_to_the_end_is_as_young_as_the_restore() -> None:
    store = cut_off_at(NOW_MS, MemoryStore())
    clock = Ticking()
    clock.now_ms += 1_000
    restore(0, CountingStage(), log_with(CHANGES, 7), store, clock)
    stands = store.meta()
    assert stands is not None
    assert stands.written_at_ms == NOW_MS + 2_000
