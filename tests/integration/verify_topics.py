"""Runs of the stages on a real broker, each in topics of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from services.admin.partition_ends import wait_until_led
from services.contracts.catalogue import topic
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record import Record
from services.verifier.records import ORDER, Cut, LogRecord, TopicPartition
from services.verifier.sources.cluster import ClusterSource

WRITE_SECONDS_MAX = 30
FLUSH_EVERY = 50_000
"""Below what a producer holds."""


def write_topics(
    kafka: KafkaConnection,
    names: Iterable[str],
    written: Mapping[tuple[str, int], Sequence[Record]],
    prefix: str = "",
) -> str:
    """Write records to new topics, each at its offset; returns their prefix, a new one if none is given."""
    names, prefix = list(names), prefix or f"verify-{uuid4().hex}."
    # Records of a run are as old as its virtual clock says: nothing may be deleted meanwhile.
    wanted = [
        NewTopic(prefix + name, topic(name).partitions, config={"retention.ms": "-1"}) for name in names
    ]
    with AdminClient({**kafka.librdkafka(), "log_level": 0}) as admin:
        for created in admin.create_topics(wanted).values():
            created.result(WRITE_SECONDS_MAX)
        wait_until_led(admin, {each.topic: each.num_partitions for each in wanted})
    append(kafka, prefix, [record for (name, _), each in written.items() if name in names for record in each])
    return prefix


def append(kafka: KafkaConnection, prefix: str, records: Iterable[Record]) -> None:
    """Write records behind what is there."""
    settings = {**kafka.librdkafka(), "enable.idempotence": True, "linger.ms": 5, "log_level": 0}
    with Producer(settings) as producer:
        for count, record in enumerate(records):
            if count % FLUSH_EVERY == 0:
                producer.flush(WRITE_SECONDS_MAX)
            producer.produce(
                prefix + record.topic,
                record.value,
                record.key,
                record.partition,
                timestamp=record.timestamp_ms,
                headers=list(record.headers),
                on_delivery=_must_be_written,
            )
        assert producer.flush(WRITE_SECONDS_MAX) == 0


def _must_be_written(error: KafkaError | None, _: Message) -> None:
    if error is not None:
        raise KafkaException(error)


class OneTopicElsewhere:
    """A run in which one topic was written again."""

    def __init__(self, kafka: KafkaConnection, prefix: str, name: str, again: str) -> None:
        self._rest = ClusterSource(kafka, prefix, topics=[each for each in ORDER if each != name])
        self._again = ClusterSource(kafka, again, topics=[name])

    @property
    def identity(self) -> str:
        return self._rest.identity

    def cut(self) -> Cut:
        return {**self._rest.cut(), **self._again.cut()}

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:
        yield from self._again.read(cut, positions)
        yield from self._rest.read(cut, positions)
