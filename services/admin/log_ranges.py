"""Read parts of partitions, side by side: from a time on, and to where they end now."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from services.admin.partition_ends import bounds_of
from services.runtime.kafka_connection import KafkaConnection

ANSWER_SECONDS_MAX = 15.0
ADVANCE_RECORDS = 1_000
"""How often progress is told."""

Place = tuple[str, int]
"""Kafka topic and partition."""
Advance = Callable[[int, int], None]
"""Told how many offsets are behind and how many there are."""


class Range(NamedTuple):
    """Offsets of one partition: the first, and the one after the last."""

    start: int
    end: int


class LogRanges:
    """Looks for offsets and reads between them. Blocks; use as a context."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._consumer = Consumer(
            {
                **connection.librdkafka(),
                "group.id": "parley-admin-never-committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                # The end is known only from an empty answer; the default waits half a second for one.
                "fetch.wait.max.ms": 10,
                "log_level": 0,
            }
        )

    def __enter__(self) -> "LogRanges":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def whole(self, places: Iterable[Place]) -> dict[Place, Range]:
        """All that is kept of the partitions now. Raises ``KafkaException``."""
        with AdminClient({**self._connection.librdkafka(), "log_level": 0}) as admin:
            return {place: Range(*bounds) for place, bounds in bounds_of(admin, list(places)).items()}

    def since(self, ranges: Mapping[Place, Range], at_ms: int) -> dict[Place, Range]:
        """Those parts outside which no record has that time (Unix milliseconds) or a later one.

        Raises ``KafkaException``.
        """
        asked = [TopicPartition(topic, partition, at_ms) for topic, partition in ranges]
        answer = self._consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS_MAX)
        later = {}
        for found in answer:
            if found.error:
                raise KafkaException(found.error)
            start, end = ranges[found.topic, found.partition]
            later[found.topic, found.partition] = Range(
                min(max(start, found.offset), end) if found.offset >= 0 else end, end
            )
        return later

    def read(self, ranges: Mapping[Place, Range], advance: Advance | None = None) -> Iterator[Message]:
        """Committed records, each partition in order.

        A transaction that was open when the range was asked for is waited for. Raises ``KafkaException``
        when the broker does not answer or a transaction stays open.
        """
        left = {place: each for place, each in ranges.items() if each.start < each.end}
        positions = {place: each.start for place, each in left.items()}
        total = sum(each.end - each.start for each in left.values())
        self._consumer.assign([TopicPartition(*place, each.start) for place, each in left.items()])
        count = 0
        while left:
            record = self._consumer.poll(ANSWER_SECONDS_MAX)
            if record is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            place, offset, error = (
                (record.topic() or "", record.partition() or 0),
                record.offset() or 0,
                record.error(),
            )
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            if place not in left:
                continue
            end = left[place].end
            if error is None:
                if offset < end:
                    yield record
                offset += 1
            positions[place] = min(offset, end)
            count += 1
            if advance and count % ADVANCE_RECORDS == 0:
                advance(total - sum(each.end - positions[place] for place, each in left.items()), total)
            if offset >= end:
                del left[place]
                self._consumer.incremental_unassign([TopicPartition(*place)])
        self._consumer.unassign()
