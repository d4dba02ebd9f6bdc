"""Where a record lies: one function for every client, because the clients' own defaults disagree."""

from zlib import crc32

from parley.catalog.v1 import topic_pb2
from services.contracts.catalogue import Topic


def partition_of(topic: Topic, key: bytes) -> int:
    """The partition of ``topic`` that a record with ``key`` belongs to: CRC-32 of the placing part, modulo.

    A key ``user_ref/message_id`` is placed by its ``user_ref``; every other key as a whole. Raises
    ``ValueError`` for a topic whose records lie where their cause lies, since only the writer knows that.
    """
    if topic.key == topic_pb2.RECORD_KEY_CUSTOMER_MESSAGE:
        key = key.partition(b"/")[0]
    elif topic.key == topic_pb2.RECORD_KEY_SAME_AS_CAUSE:
        raise ValueError(f"records of {topic.name} lie in the partition of their cause, not by key")
    return crc32(key) % topic.partitions
