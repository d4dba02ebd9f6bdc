"""Local stores that are lost, or not what they should be: seen, caught up or rebuilt, or refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.runtime.v1 import runtime_pb2
from parley.window.v1 import window_row_pb2
from services.runtime.rocks_store import RocksStore
from services.runtime.rows import Row
from services.runtime.store import Change
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.tally import NewerTally, keys
from tests.integration.hard_cases.rig.world import World

KEYS = [*keys(0, 10), *keys(1, 10)]
HOUR_MS = 3_600_000
GHOST = keys(1, 99)[-1]
"""A conversation that never was: if its row shows, a wrong store was believed."""


def haunt(path: Path, change_meta: Callable[[runtime_pb2.StateMeta], object]) -> None:
    """Write a row that is not true into a store, and change its meta."""
    store = RocksStore(path)
    meta = store.meta()
    assert meta is not None
    change_meta(meta)
    row = window_row_pb2.WindowRow(opened_at_ms=1_000).SerializeToString()
    store.write({GHOST: Change(Row(row, 0), 0)}, meta)
    store.close()


def be_ahead(meta: runtime_pb2.StateMeta) -> None:
    """As if the transaction that the store knows had never been."""
    meta.changelog_offset += 1_000
    meta.next_offset += 1


def be_of_another_stage(meta: runtime_pb2.StateMeta) -> None:
    meta.stage = "consent"


def be_of_another_cluster(meta: runtime_pb2.StateMeta) -> None:
    meta.cluster_id = "another"


def be_of_a_changelog_of_the_same_name(meta: runtime_pb2.StateMeta) -> None:
    meta.changelog_topic_id = "another"


def be_old(meta: runtime_pb2.StateMeta) -> None:
    """Older than half of the day for which the changelog keeps deletions."""
    meta.written_at_ms -= 13 * HOUR_MS


def disagree(meta: runtime_pb2.StateMeta) -> None:
    """As a store would be that was written for a transaction that is aborted."""
    meta.next_offset += 5


def restart(world: World) -> str:
    """Start with more to do, count all of it, and return what the log says of partition 1's restore."""
    world.write(KEYS)
    member = world.start()
    world.wait_done()
    member.stop()
    count(world)
    assert "rebuilding" not in "".join(line for line in member.said.splitlines() if "partition=0" in line)
    return "\n".join(line for line in member.said.splitlines() if "partition=1" in line)


def test_a_lost_store_is_restored_from_the_changelog(settled: World) -> None:
    shutil.rmtree(settled.store_path(1))
    said = restart(settled)
    assert "rebuilding" not in said
    assert "restored=0" not in said


def test_a_stale_store_is_caught_up(settled: World) -> None:
    kept = settled.directory / "kept"
    shutil.copytree(settled.store_path(1), kept)
    standing = settled.standing()
    settled.write(keys(1, 3))
    settled.settle()
    shutil.rmtree(settled.store_path(1))
    kept.rename(settled.store_path(1))
    assert settled.standing().store == standing.store
    assert settled.standing().group[1] == standing.group[1] + 3
    # Three rows and the meta record; the rest is there.
    assert "restored=4" in restart(settled)


@pytest.mark.parametrize(
    ("change_meta", "reason"),
    [
        (be_ahead, "it is ahead"),
        (be_of_another_stage, "it belongs to consent"),
        (be_of_another_cluster, "on cluster another"),
        (be_of_a_changelog_of_the_same_name, "the changelog was made anew"),
        (be_old, "it is so old that deletions may be gone"),
        (disagree, "it disagrees with the group's offset"),
    ],
)
def test_a_store_that_is_not_of_use_is_rebuilt(
    settled: World, change_meta: Callable[[runtime_pb2.StateMeta], object], reason: str
) -> None:
    haunt(settled.store_path(1), change_meta)
    said = restart(settled)
    assert "rebuilding the local store" in said
    assert reason in said


def test_a_store_of_another_partition_is_rebuilt(settled: World) -> None:
    shutil.rmtree(settled.store_path(1))
    shutil.copytree(settled.store_path(0), settled.store_path(1))
    assert "it belongs to partition 0" in restart(settled)


def test_a_store_of_newer_rules_is_refused(make_world: MakeWorld) -> None:
    world = make_world()
    world.write(KEYS)
    member = world.start(stage=NewerTally)
    world.wait_done()
    member.stop()
    before = world.standing()
    world.write(KEYS)
    for _ in range(2):
        member = world.start()
        assert member.wait() == 1
        assert "version 3 of the rules and this is version 2: run the newer one" in member.last_words
        shutil.rmtree(world.data_dir(), ignore_errors=True)
    assert world.standing(with_store=False) == before._replace(store={})
    member = world.start(stage=NewerTally)
    world.wait_done()
    member.stop()
    count(world)
