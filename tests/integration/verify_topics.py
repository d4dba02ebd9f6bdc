"""Runs of the stages on a real broker, each in topics of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, zip_longest
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
QUEUED_MAX = 1_000_000


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
    write_partitions(kafka, prefix, [records for (name, _), records in written.items() if name in names])
    return prefix


def write_partitions(kafka: KafkaConnection, prefix: str, partitions: Iterable[Sequence[Record]]) -> None:
    """Write whole partitions, in transactions: where offsets have a gap, the marker of one lies."""
    parts = [list(_transactions(records)) for records in partitions]
    settings = {**kafka.librdkafka(), "transactional.id": uuid4().hex, "log_level": 0}
    with Producer({**settings, "linger.ms": 5, "queue.buffering.max.messages": QUEUED_MAX}) as producer:
        producer.init_transactions(WRITE_SECONDS_MAX)
        for together in zip_longest(*parts, fillvalue=()):
            producer.begin_transaction()
            for record in chain.from_iterable(together):
                producer.produce(
                    prefix + record.topic,
                    record.value,
                    record.key,
                    record.partition,
                    timestamp=record.timestamp_ms,
                    headers=list(record.headers),
                    on_delivery=_must_be_written,
                )
            producer.commit_transaction(WRITE_SECONDS_MAX)


def _transactions(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Records without a gap in their offsets, time after time."""
    begin = 0
    for end, (record, follower) in enumerate(pairwise(records), 1):
        if follower.offset > record.offset + 1:
            yield records[begin:end]
            begin = end
    if records:
        yield records[begin:]


def _must_be_written(error: KafkaError | None, _: Message) -> None:
    if error is not None:
        raise KafkaException(error)


class SomeTopicsElsewhere:
    """A run in which some topics were written again."""

    def __init__(
        self,
        kafka: KafkaConnection,
        prefix: str,
        names: Sequence[str],
        again: str,
        *,
        with_headers: bool = False,
    ) -> None:
        rest = [each for each in ORDER if each not in names]
        self._rest = ClusterSource(kafka, prefix, topics=rest, with_headers=with_headers)
        self._again = ClusterSource(kafka, again, topics=names, with_headers=with_headers)

    @property
    def identity(self) -> str:
        return self._rest.identity

    def cut(self) -> Cut:
        return {**self._rest.cut(), **self._again.cut()}

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:
        yield from self._again.read(cut, positions)
        yield from self._rest.read(cut, positions)
