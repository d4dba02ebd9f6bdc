"""Records that can wait are given together with those that come meanwhile."""

import threading
import time
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from services.runtime.kafka_connection import KafkaConnection
from services.runtime.log import Company, Log
from services.runtime.record import Record
from tests.simulation.conformance.rig.kafka_site import KafkaSite
from tests.simulation.conformance.rig.site import Listener
from tests.simulation.conformance.rig.steps import joined

pytestmark = pytest.mark.integration

LONG_SECONDS = 30.0
SHORT_SECONDS = 0.1


@pytest.fixture
def site(kafka: KafkaConnection) -> Iterator[KafkaSite]:
    """Topics of the test's own."""
    site = KafkaSite(kafka)
    yield site
    site.close()


def company(seconds: float, *can_wait: bool) -> Company:
    """``can_wait`` says it of the records in turn, and the last of all that follow."""
    answers = chain(can_wait, repeat(can_wait[-1]))
    return Company(seconds, lambda _: next(answers))


def first(log: Log, company: Company) -> list[Record]:
    """What the first poll that brings something brings."""
    deadline = time.monotonic() + LONG_SECONDS
    while not (records := log.poll(100, 0.1, company)):
        assert time.monotonic() < deadline
    return records


def keys(records: list[Record]) -> set[bytes]:
    return {record.key for record in records}


def test_one_that_can_wait_comes_with_the_one_that_cannot(site: KafkaSite) -> None:
    log, _ = joined(site)
    site.write(0, b"can wait")
    later = threading.Timer(0.3, site.write, (1, b"cannot"))
    begun = time.monotonic()
    later.start()
    assert keys(first(log, company(LONG_SECONDS, True, False))) == {b"can wait", b"cannot"}
    assert time.monotonic() - begun < LONG_SECONDS
    later.join()


def test_one_that_cannot_wait_is_given_at_once(site: KafkaSite) -> None:
    log, _ = joined(site)
    site.write(0, b"cannot")
    begun = time.monotonic()
    assert keys(first(log, company(LONG_SECONDS, False))) == {b"cannot"}
    assert time.monotonic() - begun < LONG_SECONDS


def test_the_wait_for_company_ends(site: KafkaSite) -> None:
    log, _ = joined(site)
    site.write(0, b"can wait")
    begun = time.monotonic()
    assert keys(first(log, company(SHORT_SECONDS, True))) == {b"can wait"}
    assert time.monotonic() - begun >= SHORT_SECONDS


def test_what_is_taken_away_meanwhile_is_not_given(site: KafkaSite) -> None:
    log, listener = joined(site)
    site.write(0, b"zero")
    site.write(1, b"one")
    taken: list[Record] = []

    def other_member() -> None:
        other, theirs = site.log(1), Listener()
        other.subscribe(theirs)
        taken.extend(first(other, company(LONG_SECONDS, False)))
        site.write(min(listener.owned), b"cannot")

    joining = threading.Thread(target=other_member)
    joining.start()
    given = first(log, company(LONG_SECONDS, True, True, False))
    joining.join()
    assert len(listener.owned) == 1
    assert {record.partition for record in given} == listener.owned
    assert keys(given) | keys(taken) == {b"zero", b"one", b"cannot"}
