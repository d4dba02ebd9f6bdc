"""When what a stage wrote could be read: the broker's own time, from the marker that ends the transaction.

A stage's record carries the time of its cause, so that replaying its input gives the same again; a header
with the time of writing would cost every record of the line, for the sake of a few that are asked about. But
behind the records of a transaction the broker writes a marker, with its own clock's time. Consumers do not
show markers, so batches are fetched as they lie.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from services.runtime.kafka_connection import KafkaConnection

FETCH_BYTES = 256 * 1024
FETCHES_MAX = 64
"""Behind these no marker is looked for: 16 MiB."""
FETCH_WAIT_MS = 100
READ_COMMITTED = 1

Position = tuple[str, int, int]
"""Kafka topic, partition and offset of a record."""


def commit_times(connection: KafkaConnection, positions: Iterable[Position]) -> dict[Position, int]:
    """When the transactions of committed records ended, Unix milliseconds by the broker's clock.

    Left out are records that were written outside a transaction, whose own time is that of writing, and those
    whose marker compaction has removed. Blocks. Raises aiokafka's ``KafkaError``.
    """
    return asyncio.run(_commit_times(connection, list(positions)))


async def _commit_times(connection: KafkaConnection, positions: list[Position]) -> dict[Position, int]:
    client = AIOKafkaClient(**connection.aiokafka())
    try:
        await client.bootstrap()
        await client.set_topics({topic for topic, _, _ in positions})
        times = [await _commit_time(client, position) for position in positions]
    finally:
        await client.close()
    return {position: at_ms for position, at_ms in zip(positions, times, strict=True) if at_ms is not None}


async def _commit_time(client: AIOKafkaClient, position: Position) -> int | None:
    topic, partition, offset = position
    writer: int | None = None
    for _ in range(FETCHES_MAX):
        following = offset
        for batch in await _fetch(client, topic, partition, offset):
            following = batch.next_offset
            if writer is None and following > position[2]:
                if not batch.is_transactional:
                    return None
                writer = batch.producer_id
            elif batch.is_control_batch and batch.producer_id == writer:
                return int(batch.max_timestamp)
        if following == offset:
            return None
        offset = following
    return None


async def _fetch(client: AIOKafkaClient, topic: str, partition: int, offset: int) -> Iterator[Any]:
    node = client.cluster.leader_for_partition(TopicPartition(topic, partition))
    request = FetchRequest(
        FETCH_WAIT_MS, 1, FETCH_BYTES, READ_COMMITTED, [(topic, [(partition, offset, FETCH_BYTES)])]
    )
    answer = await client.send(node, request)
    ((_, ((_, error, *_, record_set),)),) = answer.topics
    if error:
        raise for_code(error)
    return _batches(record_set)


def _batches(record_set: bytes) -> Iterator[Any]:
    records = MemoryRecords(record_set)
    while records.has_next():
        yield records.next_batch()
