"""The ledger is read from a real broker as it was committed, and followed as it grows."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from uuid import uuid4

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from parley.billing.v1 import ledger_pb2
from services.admin.ledger_tail import ChainedEntry, follow_ledger, read_ledger
from services.admin.topics import Topics
from services.contracts.catalogue import topic
from services.contracts.placement import partition_of
from services.runtime.kafka_connection import KafkaConnection

pytestmark = pytest.mark.integration
LEDGER = topic("ledger")
BUSINESSES = ("506914307656634", "506914307656635", "506914307656636")


@pytest.fixture
def prefix(kafka: KafkaConnection) -> str:
    name = f"ledger-{uuid4().hex}."
    Topics(AdminClient(kafka.librdkafka()), name, [LEDGER]).create()
    return name


class Writer:
    """Writes entries in transactions, as rate-and-bill does."""

    def __init__(self, kafka: KafkaConnection, prefix: str) -> None:
        self._topic = prefix + LEDGER.name
        self._producer = Producer({**kafka.librdkafka(), "transactional.id": prefix})
        self._producer.init_transactions()

    def write(self, entries: Iterable[tuple[str, int]], *, commit: bool = True) -> None:
        """One transaction of entries, each a business and a sequence."""
        self._producer.begin_transaction()
        for business_id, sequence in entries:
            entry = ledger_pb2.LedgerEntry(business_id=business_id, sequence=sequence)
            key = business_id.encode()
            self._producer.produce(
                self._topic, entry.SerializeToString(), key, partition=partition_of(LEDGER, key)
            )
        self._producer.flush()
        if commit:
            self._producer.commit_transaction()
        else:
            self._producer.abort_transaction()


@pytest.fixture
def writer(kafka: KafkaConnection, prefix: str) -> Writer:
    return Writer(kafka, prefix)


def sequences(entries: Iterable[ChainedEntry]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for entry, _ in entries:
        found.setdefault(entry.business_id, []).append(entry.sequence)
    return found


def all_of(first: int, last: int) -> Iterator[tuple[str, int]]:
    return ((business, sequence) for sequence in range(first, last + 1) for business in BUSINESSES)


def test_every_committed_entry_is_read_by_sequence_and_then_it_ends(
    kafka: KafkaConnection, prefix: str, writer: Writer
) -> None:
    writer.write(all_of(1, 50))
    writer.write(all_of(51, 60), commit=False)
    writer.write(all_of(51, 70))
    entries = list(read_ledger(kafka, prefix))
    assert sequences(entries) == {business: list(range(1, 71)) for business in BUSINESSES}
    assert {sha256(entry.SerializeToString()).hexdigest() for entry, _ in entries} == {
        each.hash for each in entries
    }


def test_one_business_alone(kafka: KafkaConnection, prefix: str, writer: Writer) -> None:
    writer.write(all_of(1, 5))
    assert sequences(read_ledger(kafka, prefix, BUSINESSES[1])) == {BUSINESSES[1]: [1, 2, 3, 4, 5]}
    assert list(read_ledger(kafka, prefix, "1")) == []


def test_an_empty_ledger_ends_at_once(kafka: KafkaConnection, prefix: str) -> None:
    assert list(read_ledger(kafka, prefix)) == []


def test_following_goes_on_with_what_is_written_later(
    kafka: KafkaConnection, prefix: str, writer: Writer
) -> None:
    writer.write(all_of(1, 2))
    following = follow_ledger(kafka, prefix, BUSINESSES[0])
    assert sequences(islice(following, 2)) == {BUSINESSES[0]: [1, 2]}
    writer.write(all_of(3, 3), commit=False)
    writer.write(all_of(3, 4))
    assert sequences(islice(following, 2)) == {BUSINESSES[0]: [3, 4]}


def test_a_missing_topic_is_said(kafka: KafkaConnection) -> None:
    for read in (read_ledger, follow_ledger):
        with pytest.raises(KafkaException):
            next(read(kafka, "nowhere."))
