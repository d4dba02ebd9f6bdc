"""For each invariant, a real topic is written again with one thing wrong: the verifier finds exactly that."""

import shutil
from pathlib import Path

import pytest

from services.admin.replay.replay import replay
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.memory_store import MemoryStore
from services.verifier.records import ORDER
from services.verifier.sources.cluster import ClusterSource
from services.verifier.verification import verify
from tests.integration.verify_topics import SomeTopicsElsewhere, write_topics
from tests.line.doctored_cases import CASES
from tests.line.doctoring import Found, Run, written_again
from tests.line.replayed_cases import CASES as REPLAYED
from tests.line.traffic import Traffic

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def run() -> Run:
    traffic = Traffic(seed=7)
    traffic.go(500)
    return Run(traffic.line.topics)


@pytest.fixture(scope="module")
def prefix(kafka: KafkaConnection, run: Run) -> str:
    return write_topics(kafka, ORDER, run.topics)


@pytest.mark.parametrize("name", CASES)
def test_the_verifier_finds_exactly_what_is_wrong(
    kafka: KafkaConnection, run: Run, prefix: str, name: str
) -> None:
    doctored = CASES[name](run)
    again = write_topics(kafka, doctored.names, doctored.in_place_of(run.topics))
    violations = verify(SomeTopicsElsewhere(kafka, prefix, doctored.names, again)).violations
    assert {Found(each.invariant, *each.place) for each in violations} == doctored.expected, violations


@pytest.mark.parametrize("name", REPLAYED)
def test_the_replay_finds_exactly_what_is_wrong(
    kafka: KafkaConnection, run: Run, prefix: str, name: str
) -> None:
    doctored = REPLAYED[name](run)
    again = write_topics(kafka, doctored.names, doctored.in_place_of(run.topics))
    source = SomeTopicsElsewhere(kafka, prefix, doctored.names, again, with_headers=True)
    found = replay(source, "", drained=True, open_store=lambda _: MemoryStore())
    assert found.unchecked == {}
    assert {Found(7, *each.place) for each in found.lanes.differences} == doctored.expected


@pytest.fixture(scope="module")
def state(kafka: KafkaConnection, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a verification of the whole run remembers."""
    directory = tmp_path_factory.mktemp("verified") / "state"
    assert verify(ClusterSource(kafka, prefix), directory).violations == []
    return directory


@pytest.mark.parametrize("name", sorted(set(ORDER) - {"dead-letters"}))
def test_a_tail_that_was_cut_off_is_seen_by_who_read_it(
    kafka: KafkaConnection, run: Run, prefix: str, state: Path, tmp_path: Path, name: str
) -> None:
    place = max((each for each in run.topics if each[0] == name), key=lambda each: len(run.topics[each]))
    shorter = written_again(run, run.topics[place][:-1])
    again = write_topics(kafka, [name], shorter.in_place_of(run.topics))
    shutil.copytree(state, tmp_path / "state")
    source = SomeTopicsElsewhere(kafka, prefix, [name], again)
    (violation,) = verify(source, tmp_path / "state").violations
    marker = shorter.partitions[place][-1].offset + 1
    assert tuple(violation.place) == (*place, marker + 1)
