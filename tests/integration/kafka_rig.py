"""Topics of a test's own, and what lies in them."""

from collections.abc import Iterable
from uuid import uuid4

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from services.admin.kafka_records import committed_records
from services.admin.topics import Topics
from services.contracts.catalogue import topic
from services.runtime.kafka_connection import KafkaConnection


def make_topics(connection: KafkaConnection, names: Iterable[str]) -> str:
    """Create declared topics under a prefix of their own; returns the prefix."""
    prefix = f"t{uuid4().hex[:12]}."
    Topics(AdminClient(connection.librdkafka()), prefix, [topic(name) for name in names]).create()
    return prefix


def read_all(connection: KafkaConnection, prefix: str, name: str) -> list[Message]:
    """All committed records of a topic, by partition and offset."""
    found = committed_records(connection, prefix + name, topic(name).partitions)
    return sorted(found, key=lambda message: (message.partition(), message.offset()))
