"""What a worker waits for before it starts: a broker that answers, and topics that are there."""

import asyncio
from collections.abc import Iterable

import structlog
from confluent_kafka.admin import AdminClient

from services.contracts.catalogue import FACTOR
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_reachable import KafkaRefused, KafkaUnreachable, check_reachable

ATTEMPT_SECONDS = 2.0
METADATA_SECONDS = 10.0

log = structlog.get_logger()


class TopicMissing(Exception):
    """A topic that the process needs is not on the cluster, or has another number of partitions."""


async def until_reachable(connection: KafkaConnection) -> None:
    """Return once a broker answers, with a log line for each attempt that failed.

    Raises KafkaRefused when a broker answers and does not let us in: waiting would not help.
    """
    while True:
        try:
            await asyncio.to_thread(check_reachable, connection, ATTEMPT_SECONDS)
        except KafkaRefused:
            raise
        except KafkaUnreachable as unreachable:
            log.warning("waiting for Kafka", reason=str(unreachable))
        else:
            return


async def require_topics(connection: KafkaConnection, topics: Iterable[tuple[str, int]]) -> None:
    """Check Kafka topics (full name, partitions). Raises TopicMissing in one sentence."""
    metadata = await asyncio.to_thread(
        lambda: AdminClient({**connection.librdkafka(), "log_level": 0}).list_topics(timeout=METADATA_SECONDS)
    )
    for name, partitions in topics:
        found = metadata.topics.get(name)
        if found is None:
            raise TopicMissing(f"Kafka has no topic {name}: `parley topics create` makes what is missing")
        if len(found.partitions) != partitions:
            raise TopicMissing(
                f"{name} has {len(found.partitions)} partitions, where {partitions} are expected: "
                f"{FACTOR} must be here what it was where the topics were made"
            )
