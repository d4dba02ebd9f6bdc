"""A record that the broker refuses while the rest of its transaction is still being written."""

import time
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from services.runtime import kafka_settings
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_settings import StageIdentity
from services.runtime.kafka_transactions import KafkaTransactions
from services.runtime.log import LogError, RecordRejected
from tests.integration.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.integration
RECORD_BYTES_MAX = 500_000


@pytest.fixture
def topic(kafka: KafkaConnection) -> str:
    name = f"refused-{uuid4().hex}"
    with AdminClient(kafka.librdkafka()) as admin:
        wanted = NewTopic(name, 2, config={"max.message.bytes": str(RECORD_BYTES_MAX)})
        admin.create_topics([wanted])[name].result(DEADLINE_SECONDS)
    return name


def test_it_is_named_from_the_second_time_on(kafka: KafkaConnection, topic: str) -> None:
    identity = StageIdentity(topic, 0, "")
    common = kafka_settings.common(kafka, identity, lambda _: None)
    transactions = KafkaTransactions({**common, **kafka_settings.transactional_producer(identity)}, topic)
    transactions.initialize()
    # Reports on each record are asked for once a transaction has failed.
    for reason, words in ((LogError, None), (RecordRejected, "Message size too large")):
        transactions.begin()
        with pytest.raises(reason, match=words):
            write_on_and_on(transactions, topic)
        transactions.abort()
    transactions.close()


def write_on_and_on(transactions: KafkaTransactions, topic: str) -> None:
    """A record that is too large, and small ones elsewhere for as long as they are taken."""
    transactions.produce(topic, 0, b"large", bytes(RECORD_BYTES_MAX), 1_000, [])
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        transactions.produce(topic, 1, b"small", b"", 1_000, [])
