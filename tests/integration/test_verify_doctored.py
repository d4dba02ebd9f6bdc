"""For each invariant, real topics are written again with one thing wrong: the verifier finds exactly that."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from services.admin.replay.replay import replay
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.memory_store import MemoryStore
from services.verifier.records import ORDER
from services.verifier.sources.cluster import ClusterSource
from services.verifier.verification import verify
from tests.integration.verify_topics import SomeTopicsElsewhere, Topics, new_prefix, write_all, write_topics
from tests.line.doctored import CASES
from tests.line.doctoring import Doctored, Found, Run, written_again
from tests.line.replayed_cases import CASES as REPLAYED
from tests.line.traffic import Traffic

pytestmark = pytest.mark.integration
WITH_A_TAIL = sorted(set(ORDER) - {"dead-letters"})


class Again(NamedTuple):
    """A case, and the prefix of the topics that were written again."""

    doctored: Doctored
    prefix: str


@pytest.fixture(scope="module")
def run() -> Run:
    traffic = Traffic(seed=7)
    traffic.go(500)
    return Run(traffic.line.topics)


@pytest.fixture(scope="module")
def prefix(kafka: KafkaConnection, run: Run) -> str:
    return write_topics(kafka, ORDER, run.topics)


@pytest.fixture(scope="module")
def cases(kafka: KafkaConnection, run: Run) -> Mapping[str, Again]:
    """All that is written again, all at once: tails by the name of their topic."""
    doctored = {name: case(run) for name, case in {**CASES, **REPLAYED}.items()}
    doctored |= {name: _without_its_tail(run, name) for name in WITH_A_TAIL}
    again = {name: Again(each, new_prefix()) for name, each in doctored.items()}
    topics = [Topics(prefix, each.names, each.in_place_of(run.topics)) for each, prefix in again.values()]
    write_all(kafka, topics)
    return again


def _without_its_tail(run: Run, name: str) -> Doctored:
    place = max((each for each in run.topics if each[0] == name), key=lambda each: len(run.topics[each]))
    return written_again(run, run.topics[place][:-1])


@pytest.mark.parametrize("name", CASES)
def test_the_verifier_finds_exactly_what_is_wrong(
    kafka: KafkaConnection, prefix: str, cases: Mapping[str, Again], name: str
) -> None:
    doctored, again = cases[name]
    violations = verify(SomeTopicsElsewhere(kafka, prefix, doctored.names, again)).violations
    assert {Found(each.invariant, *each.place) for each in violations} == doctored.expected, violations


@pytest.mark.parametrize("name", REPLAYED)
def test_the_replay_finds_exactly_what_is_wrong(
    kafka: KafkaConnection, prefix: str, cases: Mapping[str, Again], name: str
) -> None:
    doctored, again = cases[name]
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


@pytest.mark.parametrize("name", WITH_A_TAIL)
def test_a_tail_that_was_cut_off_is_seen_by_who_read_it(
    kafka: KafkaConnection,
    prefix: str,
    cases: Mapping[str, Again],
    state: Path,
    tmp_path: Path,
    name: str,
) -> None:
    shorter, again = cases[name]
    shutil.copytree(state, tmp_path / "state")
    source = SomeTopicsElsewhere(kafka, prefix, [name], again)
    (violation,) = verify(source, tmp_path / "state").violations
    ((place, records),) = shorter.partitions.items()
    marker = records[-1].offset + 1
    assert tuple(violation.place) == (*place, marker + 1)
