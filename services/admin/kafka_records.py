"""Read a topic from its beginning to its end, once."""

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from services.admin.partition_ends import ends_of
from services.runtime.kafka_connection import KafkaConnection

ANSWER_SECONDS_MAX = 15.0


def committed_records(
    connection: KafkaConnection, topic: str, partitions: int, only: int | None = None
) -> Iterator[Message]:
    """Committed records of ``topic``, each partition in order, up to where it ends now.

    ``partitions`` is how many the topic has; ``only`` leaves all but one of them out.
    A transaction that is committed or open at the call is waited for: a commit returns before its records
    show, and whoever wrote something shall read it. Blocks. Raises ``KafkaException`` when the broker does
    not answer, the topic is missing or a transaction stays open.
    """
    with AdminClient({**connection.librdkafka(), "log_level": 0}) as admin:
        ends = ends_of(admin, topic, partitions)
    if only is not None:
        ends = {only: ends[only]}
    consumer = Consumer(
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
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for partition, end in ends.items() if end])
        yield from _until(ends, consumer)
    finally:
        consumer.close()


def _until(ends: dict[int, int], consumer: Consumer) -> Iterator[Message]:
    left = {partition for partition, end in ends.items() if end}
    while left:
        record = consumer.poll(ANSWER_SECONDS_MAX)
        if record is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        partition, offset, error = record.partition() or 0, record.offset() or 0, record.error()
        if error is None:
            yield record
            offset += 1
        elif error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        if offset >= ends[partition]:
            left.discard(partition)
