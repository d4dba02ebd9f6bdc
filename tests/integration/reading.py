"""What lies committed in topics, read as a consumer of the platform would."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from confluent_kafka import Consumer, IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.contracts.headers import Headers
from services.runtime.kafka_connection import KafkaConnection

DEADLINE_SECONDS = 60.0
"""How long the broker may take to answer."""
Places = Mapping[str, int]
"""Full topic name to number of partitions."""


class Found(NamedTuple):
    """A committed record."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp_ms: int
    headers: Headers


def ends(admin: AdminClient, places: Places, *, committed: bool) -> dict[tuple[str, int], int]:
    """Where partitions end: after the last record, or at the last stable offset."""
    level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    wanted = {TopicPartition(topic, each): latest for topic, count in places.items() for each in range(count)}
    asked = admin.list_offsets(wanted, isolation_level=level, request_timeout=DEADLINE_SECONDS)
    return {(place.topic, place.partition): each.result().offset for place, each in asked.items()}


def read_committed(connection: KafkaConnection, admin: AdminClient, places: Places) -> list[Found]:
    """All records up to the last stable offsets, by topic, partition and offset."""
    left = {place: end for place, end in ends(admin, places, committed=True).items() if end}
    consumer = Consumer(
        {
            **connection.librdkafka(),
            "group.id": "never-committed",
            "log_level": 0,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 5,
        }
    )
    consumer.assign([TopicPartition(*place, 0) for place in left])
    found: list[Found] = []
    while left:
        each: Any = consumer.poll(DEADLINE_SECONDS)
        assert each is not None, f"no answer for {left}"
        place, next_offset = (each.topic(), each.partition()), each.offset()
        if each.error() is None:
            next_offset += 1
            found.append(
                Found(
                    *place, each.offset(), each.key(), each.value(), each.timestamp()[1], each.headers() or []
                )
            )
        else:
            assert each.error().code() == KafkaError._PARTITION_EOF, each.error()
        if next_offset >= left.get(place, next_offset + 1):
            del left[place]
    consumer.close()
    return sorted(found)
