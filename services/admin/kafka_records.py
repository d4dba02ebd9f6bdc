"""Read a topic from its beginning to its end, once."""

from collections.abc import Iterator

from confluent_kafka import Message

from services.admin.log_ranges import LogRanges
from services.runtime.kafka_connection import KafkaConnection


def committed_records(
    connection: KafkaConnection, topic: str, partitions: int, only: int | None = None
) -> Iterator[Message]:
    """Committed records of ``topic``, each partition in order, up to where it ends now.

    ``partitions`` is how many the topic has; ``only`` leaves all but one of them out.
    A transaction that is committed or open at the call is waited for: a commit returns before its records
    show, and whoever wrote something shall read it. Blocks. Raises ``KafkaException`` when the broker does
    not answer, the topic is missing or a transaction stays open.
    """
    places = [(topic, partition) for partition in (range(partitions) if only is None else (only,))]
    with LogRanges(connection) as log:
        yield from log.read(log.whole(places))
