"""`parley verify` on a real broker: a run of the stages, as it is and with one thing wrong."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from services.admin.topics import Topics
from services.contracts.catalogue import topic
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record import Record
from services.verifier.records import ORDER
from services.verifier.sources.cluster import ClusterSource
from services.verifier.verification import verify
from tests.line.traffic import Traffic

pytestmark = pytest.mark.integration
Written = Mapping[tuple[str, int], Sequence[Record]]


@pytest.fixture(scope="module")
def written() -> Written:
    traffic = Traffic(seed=7)
    traffic.go(400)
    return traffic.line.topics


def write(kafka: KafkaConnection, written: Written) -> str:
    """Write a run to topics of its own on the broker; returns their prefix."""
    prefix = f"verify-{uuid4().hex}."
    Topics(AdminClient(kafka.librdkafka()), prefix, [topic(name) for name in ORDER]).create()
    producer = Producer({**kafka.librdkafka(), "enable.idempotence": True, "linger.ms": 5})
    for (name, partition), records in written.items():
        if name in ORDER:
            for record in records:
                producer.produce(
                    prefix + name,
                    record.value,
                    record.key,
                    partition,
                    timestamp=record.timestamp_ms,
                    headers=list(record.headers),
                )
    assert producer.flush(30) == 0
    return prefix


def test_a_real_run_holds(kafka: KafkaConnection, written: Written) -> None:
    findings = verify(ClusterSource(kafka, write(kafka, written)))
    assert findings.violations == []
    assert sum(findings.records.values()) == sum(
        len(records) for (name, _), records in written.items() if name in ORDER
    )
    assert findings.messages > 200
