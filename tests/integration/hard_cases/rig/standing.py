"""Where a stage stands: what the group, the changelog and the local stores say of its next input record."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from parley.runtime.v1 import runtime_pb2
from services.runtime.partition import META_KEY
from services.runtime.rocks_store import RocksStore
from tests.integration.reading import Found


class Standing(NamedTuple):
    """Next input offset by partition, in each place; what has none is left out."""

    group: dict[int, int]
    changelog: dict[int, int]
    """By the last committed meta record."""
    store: dict[int, int]


def changelog_metas(records: Iterable[Found]) -> dict[int, runtime_pb2.StateMeta]:
    """The last meta record of each partition of a changelog."""
    return {
        each.partition: runtime_pb2.StateMeta.FromString(each.value or b"")
        for each in records
        if each.key == META_KEY
    }


def store_path(data_dir: Path, stage: str, partition: int) -> Path:
    """Where the local store of a partition lies."""
    return data_dir / stage / f"partition-{partition}"


def stored(path: Path) -> tuple[runtime_pb2.StateMeta, dict[bytes, bytes]] | None:
    """Meta and rows of a local store that nobody has open; None if there is none, or it is empty."""
    if not path.exists():
        return None
    store = RocksStore(path)
    assert store.began_empty_because is None, store.began_empty_because
    meta, rows = store.meta(), dict(store.scan(b""))
    store.close()
    return None if meta is None else (meta, rows)
