"""For each invariant, a real topic is written again with one thing wrong: the verifier finds exactly that."""

import pytest

from services.runtime.kafka_connection import KafkaConnection
from services.verifier.records import ORDER
from services.verifier.verification import verify
from tests.integration.verify_topics import OneTopicElsewhere, write_topics
from tests.line.doctored_cases import CASES
from tests.line.doctoring import Found, Run
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
    topics = {**run.topics, (doctored.topic, doctored.partition): doctored.records}
    again = write_topics(kafka, [doctored.topic], topics)
    violations = verify(OneTopicElsewhere(kafka, prefix, doctored.topic, again)).violations
    assert {Found(each.invariant, *each.place) for each in violations} == doctored.expected, violations
