"""What tests do again and again."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from services.runtime.log import Log, TransactionFailed
from services.runtime.record import Record
from tests.simulation.conformance.rig.site import OUTPUT, PARTITIONS, Listener, Site

ALL = set(range(PARTITIONS))
POLLS_MAX = 100
TRANSACTIONS_MAX = 6


def joined(site: Site, ordinal: int = 0) -> tuple[Log, Listener]:
    """A process that is alone in the group and has all partitions."""
    log, listener = site.log(ordinal), Listener()
    log.subscribe(listener)
    site.settle([log], lambda: listener.owned == ALL)
    log.rewind(dict.fromkeys(ALL, 0))
    return log, listener


def receive(site: Site, log: Log, count: int) -> list[Record]:
    """Exactly so many records."""
    records: list[Record] = []
    for _ in range(POLLS_MAX):
        records += log.poll(count - len(records), 0.1)
        if len(records) == count:
            break
    assert len(records) == count
    return records


def produce(log: Log, key: bytes, value: bytes | None = b"output", at_ms: int = 1_000) -> None:
    """Put an output into the open transaction, in partition 0."""
    log.produce(OUTPUT.name, 0, key, value, at_ms, [("kind", b"test")])


def commit(log: Log, key: bytes, offsets: dict[int, int]) -> None:
    """A whole transaction with one output, tried again if it fails."""
    for _ in range(TRANSACTIONS_MAX):
        log.begin()
        try:
            produce(log, key)
            if offsets:
                log.send_offsets(offsets)
            log.commit()
        except TransactionFailed:
            log.abort()
        else:
            return
    pytest.fail("the transaction fails for ever")


def comes_to(site: Site, question: Callable[[], object], answer: object) -> None:
    """Let time pass until a question has this answer; shows the last one where it never has."""
    with suppress(AssertionError):
        site.until(lambda: question() == answer)
    assert question() == answer
