"""Runs of the stages on a real broker, each in topics of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple
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


class Topics(NamedTuple):
    """Topics to be written: those of these names, in full."""

    prefix: str
    names: Sequence[str]
    records: Mapping[tuple[str, int], Sequence[Record]]


def new_prefix() -> str:
    """A prefix that no topic has."""
    return f"verify-{uuid4().hex}."


def write_topics(
    kafka: KafkaConnection,
    names: Iterable[str],
    written: Mapping[tuple[str, int], Sequence[Record]],
    prefix: str = "",
) -> str:
    """Write records to new topics, each at its offset; returns their prefix, a new one if none is given."""
    topics = Topics(prefix or new_prefix(), list(names), written)
    write_all(kafka, [topics])
    return topics.prefix


def write_all(kafka: KafkaConnection, runs: Sequence[Topics]) -> None:
    """Write several runs at once, which takes little longer than one."""
    # Records of a run are as old as its virtual clock says: nothing may be deleted meanwhile.
    wanted = [
        NewTopic(run.prefix + name, topic(name).partitions, config={"retention.ms": "-1"})
        for run in runs
        for name in run.names
    ]
    with AdminClient({**kafka.librdkafka(), "log_level": 0}) as admin:
        for created in admin.create_topics(wanted).values():
            created.result(WRITE_SECONDS_MAX)
        wait_until_led(admin, {each.topic: each.num_partitions for each in wanted})
    partitions = [
        (run.prefix, records)
        for run in runs
        for (name, _), records in run.records.items()
        if name in run.names
    ]
    write_partitions(kafka, partitions)


def write_partitions(kafka: KafkaConnection, partitions: Iterable[tuple[str, Sequence[Record]]]) -> None:
    """Write whole partitions, each of a prefix, in transactions: where offsets have a gap, a marker lies."""
    parts = [[(prefix, each) for each in _transactions(records)] for prefix, records in partitions]
    settings = {**kafka.librdkafka(), "transactional.id": uuid4().hex, "log_level": 0}
    with Producer({**settings, "linger.ms": 5, "queue.buffering.max.messages": QUEUED_MAX}) as producer:
        producer.init_transactions(WRITE_SECONDS_MAX)
        for together in zip_longest(*parts, fillvalue=("", ())):
            producer.begin_transaction()
            for prefix, records in together:
                for record in records:
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
