"""What a stage writes lies on the broker as the stage packed it: as it is, or in what the operator chose."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka import EmbeddedKafka
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.stage_rig import Rig, StageChild

pytestmark = pytest.mark.integration

HEADER = struct.Struct(">qiibIh")
"""The start of a record batch: base offset, length after this field, leader epoch, magic, CRC, attributes."""
LENGTH_COUNTS_FROM = 12
COUNT, COUNT_FROM = struct.Struct(">i"), 57
WORTH_PACKING = 20
"""Records in a batch that is sure to gain by being packed; one that gains nothing is left as it is."""
CODEC = 0b111
CONTROL = 0b100000
NAMES = ("none", "gzip", "snappy", "lz4", "zstd")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def node(data_dir: Path) -> Iterator[KafkaConnection]:
    """A broker whose files can be looked at."""
    with EmbeddedKafka(data_dir) as broker:
        yield broker.connection()


def codecs(data_dir: Path, topic: str) -> tuple[set[str], set[str]]:
    """How the batches of a topic are packed: those of records, and the marks that end transactions."""
    records: set[str] = set()
    marks: set[str] = set()
    for segment in data_dir.rglob(f"{topic}-*/*.log"):
        content, at = segment.read_bytes(), 0
        while at + HEADER.size <= len(content):
            _, length, _, _, _, attributes = HEADER.unpack_from(content, at)
            (count,) = COUNT.unpack_from(content, at + COUNT_FROM)
            if attributes & CONTROL:
                marks.add(NAMES[attributes & CODEC])
            elif count >= WORTH_PACKING:
                records.add(NAMES[attributes & CODEC])
            at += LENGTH_COUNTS_FROM + length
    return records, marks


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, "none")] + [({"PARLEY_COMPRESSION": name}, name) for name in NAMES]
)
def test_what_a_stage_writes_is_packed_as_chosen(
    node: KafkaConnection, data_dir: Path, tmp_path: Path, environment: dict[str, str], expected: str
) -> None:
    rig = Rig(node, tmp_path)
    rig.send(f"b:{number}".encode() for number in range(2_000))
    child = StageChild(rig, **environment)
    try:
        rig.wait_until_done()
    finally:
        child.kill()
    for written in ("session-window-changelog", "windows"):
        rig.wait_until_closed(written)
        assert codecs(data_dir, rig.prefix + written) == ({expected}, {"none"})
