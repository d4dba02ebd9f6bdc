"""What a worker waits for before it starts: a broker that answers, and topics that are there."""

import asyncio
from collections.abc import Sequence

import structlog

from services.contracts.catalogue import Topic, differing_partitions
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_reachable import KafkaRefused, KafkaUnreachable, check_reachable

ATTEMPT_SECONDS = 2.0

log = structlog.get_logger()


class TopicMissing(Exception):
    """A topic that the process needs is not on the cluster, or has another number of partitions."""


async def until_reachable(connection: KafkaConnection) -> dict[str, int]:
    """Return once a broker answers, with a log line for each attempt that failed.

    Returns the number of partitions of each topic, by its full name.
    Raises KafkaRefused when a broker answers and does not let us in: waiting would not help.
    """
    while True:
        try:
            return await asyncio.to_thread(check_reachable, connection, ATTEMPT_SECONDS)
        except KafkaRefused:
            raise
        except KafkaUnreachable as unreachable:
            log.warning("waiting for Kafka", reason=str(unreachable))


async def require_topics(connection: KafkaConnection, prefix: str, topics: Sequence[Topic]) -> None:
    """Wait for a broker as ``until_reachable`` does, then check that these topics are there and as declared.

    Raises KafkaRefused, and TopicMissing in one sentence.
    """
    found = await until_reachable(connection)
    for name in (prefix + topic.name for topic in topics):
        if name not in found:
            raise TopicMissing(f"Kafka has no topic {name}: `parley topics create` makes what is missing")
    if difference := differing_partitions(found, prefix, topics):
        raise TopicMissing(difference)
