"""Reads the ledger topic: every entry from the first, each business's in the order of its sequence."""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from parley.billing.v1 import ledger_pb2
from services.admin.kafka_records import committed_records
from services.admin.partition_ends import ends_of
from services.contracts.catalogue import topic
from services.contracts.keys import business_key
from services.runtime.kafka_connection import KafkaConnection

LEDGER = topic("ledger")
POLL_SECONDS = 0.2
"""How long an interrupt may wait while nothing is written."""


class ChainedEntry(NamedTuple):
    """An entry with the hash by which the next one names it."""

    entry: ledger_pb2.LedgerEntry
    hash: str
    """SHA-256 of the record's value bytes as they lie on Kafka, lower-case hex."""


def read_ledger(
    connection: KafkaConnection, topic_prefix: str, business_id: str | None = None
) -> Iterator[ChainedEntry]:
    """Entries up to the committed end, then no more; of one business where ``business_id`` is given.

    A business lies in one partition, so its entries come by sequence; those of several businesses mix.
    Blocks. Raises ``KafkaException`` when the broker does not answer or the topic is missing.
    """
    return _entries(committed_records(connection, topic_prefix + LEDGER.name, LEDGER.partitions), business_id)


def follow_ledger(
    connection: KafkaConnection, topic_prefix: str, business_id: str | None = None
) -> Iterator[ChainedEntry]:
    """The same from the first entry, and then each new one as it is committed, without end.

    Waits out a broker that is away for a while. Close the iterator to leave Kafka. Raises as
    :func:`read_ledger` does.
    """
    return _entries(_without_end(connection, topic_prefix + LEDGER.name), business_id)


def _entries(records: Iterator[Message], business_id: str | None) -> Iterator[ChainedEntry]:
    wanted = None if business_id is None else business_key(business_id)
    for record in records:
        value = record.value()
        if value is not None and (wanted is None or record.key() == wanted):
            yield ChainedEntry(ledger_pb2.LedgerEntry.FromString(value), sha256(value).hexdigest())


def _without_end(connection: KafkaConnection, name: str) -> Iterator[Message]:
    # A consumer alone would wait in silence for a broker that is not there at all.
    ends_of(AdminClient({**connection.librdkafka(), "log_level": 0}), name, LEDGER.partitions)
    consumer = Consumer(
        {
            **connection.librdkafka(),
            "group.id": "parley-ledger-tail-never-committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    try:
        consumer.assign([TopicPartition(name, partition, 0) for partition in range(LEDGER.partitions)])
        while True:
            record = consumer.poll(POLL_SECONDS)
            if record is None:
                continue
            error = record.error()
            if error is not None:
                raise KafkaException(error)
            yield record
    finally:
        consumer.close()
