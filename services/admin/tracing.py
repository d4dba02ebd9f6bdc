"""A message's way through the topics: every record that names it, with its place and time."""

from collections.abc import Iterator
from typing import NamedTuple, cast

from parley.catalog.v1 import topic_pb2
from services.admin.instance import Instance
from services.admin.kafka_records import committed_records
from services.contracts.catalogue import Topic, catalogue
from services.contracts.headers import KIND, MESSAGE_ID, TRACEPARENT, Headers, header
from services.contracts.keys import business_key, conversation_key, customer_message_key
from services.contracts.placement import partition_of
from services.identity.message_id import MessageId, open_message_id
from services.runtime.kafka_connection import KafkaConnection

LINE = ("intake", "screened", "usage", "ledger", "dispatch", "outbox", "statuses", "inbox", "windows")
"""Topics in the order of the way, for records of the same millisecond."""


class Step(NamedTuple):
    """One record that names the message."""

    at_ms: int
    """Record time: that of the record's cause, Unix milliseconds."""
    rank: int
    """Place of its topic in the order of the way."""
    topic: str
    partition: int
    offset: int
    kind: str
    """What happened, such as ``send_requested``."""
    traceparent: str


def trace(instance: Instance, message_id: str) -> list[Step]:
    """All records that name a message, by time.

    The id says whose the message is, so one partition of each topic is read, as far back as it is kept.
    Raises ``UnknownMessageId`` and ``KafkaException``.
    """
    opened = open_message_id(instance.platform_key, message_id)
    steps: list[Step] = []
    for declared in catalogue().values():
        partition = _partition(declared, opened, message_id)
        if partition is not None:
            steps += _steps(instance.connection, instance.topic_prefix, declared, partition, message_id)
    return sorted(steps)


def _partition(declared: Topic, opened: MessageId, message_id: str) -> int | None:
    """Where a topic keeps records about the message; None where that does not follow from the message."""
    if declared.key == topic_pb2.RECORD_KEY_CONVERSATION:
        return partition_of(declared, conversation_key(opened.business_id, opened.user_ref))
    if declared.key == topic_pb2.RECORD_KEY_BUSINESS:
        return partition_of(declared, business_key(opened.business_id))
    if declared.key == topic_pb2.RECORD_KEY_CUSTOMER_MESSAGE:
        return partition_of(declared, customer_message_key(opened.user_ref, message_id))
    return 0 if declared.partitions == 1 and not declared.compacted else None


def _steps(
    connection: KafkaConnection, prefix: str, declared: Topic, partition: int, message_id: str
) -> Iterator[Step]:
    rank = LINE.index(declared.name) if declared.name in LINE else len(LINE)
    for record in committed_records(connection, prefix + declared.name, declared.partitions, partition):
        headers = cast("Headers", record.headers() or [])
        if header(headers, MESSAGE_ID) == message_id.encode():
            yield Step(
                at_ms=record.timestamp()[1],
                rank=rank,
                topic=declared.name,
                partition=partition,
                offset=record.offset() or 0,
                kind=(header(headers, KIND) or b"").decode(errors="replace"),
                traceparent=(header(headers, TRACEPARENT) or b"").decode(errors="replace"),
            )
