"""A dump holds all that a replay needs."""

from contextlib import closing
from pathlib import Path

from services.admin.replay.replay import replay
from services.runtime.memory_store import MemoryStore
from services.verifier.dump import DumpSource, write_dump
from tests.line.memory_source import MemorySource
from tests.line.traffic import Traffic


def test_a_dump_can_be_replayed(tmp_path: Path) -> None:
    traffic, file = Traffic(24), tmp_path / "run.dump"
    traffic.go(80)
    write_dump(MemorySource(traffic.line.topics), "parley.", file)
    with closing(DumpSource(file, with_headers=True)) as source:
        assert source.topic_prefix == "parley."
        found = replay(source, "", drained=True, open_store=lambda _: MemoryStore())
    assert found.lanes.differences == []
    assert found.lanes.compared > 0
