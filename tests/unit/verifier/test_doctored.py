"""For each invariant, a run with one thing wrong: the verifier finds exactly that."""

import pytest

from services.verifier.verification import verify
from tests.line.doctored import CASES
from tests.line.doctoring import Found, Run
from tests.line.memory_source import MemorySource
from tests.line.traffic import Traffic


@pytest.fixture(scope="module")
def run() -> Run:
    traffic = Traffic(seed=7)
    traffic.go(500)
    return Run(traffic.line.topics)


@pytest.mark.parametrize("name", CASES)
def test_the_verifier_finds_exactly_what_is_wrong(run: Run, name: str) -> None:
    doctored = CASES[name](run)
    violations = verify(MemorySource(doctored.in_place_of(run.topics))).violations
    assert {Found(each.invariant, *each.place) for each in violations} == doctored.expected, violations
