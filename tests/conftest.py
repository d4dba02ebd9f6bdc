"""What several kinds of tests share: a Kafka of the test run's own."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from deploy.kafka import EmbeddedKafka, NodeSettings
from services.contracts.catalogue import FACTOR
from services.runtime.kafka_connection import KafkaConnection, read_kafka_connection

DAY_MS = 24 * 3600 * 1000

# Whether a rule holds does not depend on how busy the machine is.
settings.register_profile("parley", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("parley")

# Several partitions of every topic, of those for businesses too, and more than members.
os.environ.setdefault(FACTOR, "2")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaConnection]:
    """One real broker for the whole run, or the cluster that KAFKA_BOOTSTRAP_SERVERS names.

    Tests share it: make topics and groups of your own names, and do not stop it.
    """
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield read_kafka_connection()
        return
    # Some tests write records of other years: retention, which looks now and then, may not delete them.
    never = {name: str(DAY_MS) for name in ("log.initial.task.delay.ms", "log.retention.check.interval.ms")}
    patient = NodeSettings(extra=never)
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), patient) as broker:
        yield broker.connection()
