"""What several kinds of tests share: a Kafka of the test run's own."""

import os
from collections.abc import Iterator

import pytest

from deploy.kafka import EmbeddedKafka
from services.runtime.kafka_connection import KafkaConnection, read_kafka_connection


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaConnection]:
    """One real broker for the whole run, or the cluster that KAFKA_BOOTSTRAP_SERVERS names.

    Tests share it: make topics and groups of your own names, and do not stop it.
    """
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield read_kafka_connection()
        return
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.connection()
