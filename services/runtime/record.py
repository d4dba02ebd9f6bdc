"""What goes into a stage and what comes out of it, without any Kafka client in sight."""

from typing import NamedTuple

from google.protobuf.message import Message

from services.contracts.catalogue import Topic
from services.contracts.headers import TRACEPARENT, Headers, headers_for

VALUE_BYTES_MAX = 960_000
"""Largest value a stage may write: with key, headers and framing it stays below the broker's 1,048,588."""


class TooLarge(Exception):
    """What a stage wants written is larger than Kafka takes."""


class Record(NamedTuple):
    """One record of an input partition, as read."""

    topic: str
    """Kafka topic, with the platform's prefix."""
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp_ms: int
    """Record time: milliseconds since the Unix epoch, UTC."""
    headers: Headers


class Output(NamedTuple):
    """One record that a stage wants written; the runtime adds partition and time.

    It also adds the cause's ``traceparent``, unless the headers end with one: what is about an older record's
    message has that message's.
    """

    topic: Topic
    key: bytes
    value: bytes | None
    """Serialized message; None is a tombstone."""
    headers: Headers


class Cause(NamedTuple):
    """Why a stage runs: the record it judges, or the one whose time made a timer due."""

    topic: str
    partition: int
    offset: int
    key: bytes
    """Key of the record; for a timer, key of the row."""
    timestamp_ms: int
    """Record time; for a timer, the stage time that made it due."""
    traceparent: bytes | None = None
    """Of the record, where it has one; a timer has none."""

    def derived_id(self, kind: str) -> str:
        """An id that replay makes again: kind, partition and offset, such as ``consent.3.1042``."""
        return f"{kind}.{self.partition}.{self.offset}"


def emit(
    topic: Topic,
    key: bytes,
    event: Message,
    kind: str,
    *,
    message_id: str = "",
    conversation: bytes = b"",
    traceparent: bytes | None = None,
) -> Output:
    """An output that carries ``event``; ``kind`` is the oneof member that is set in it.

    ``traceparent`` is given where it is not the cause's; empty is none.
    """
    headers = headers_for(
        event, kind, message_id=message_id, conversation=conversation, traceparent=traceparent
    )
    return Output(topic, key, event.SerializeToString(), headers)


def tombstone(topic: Topic, key: bytes, traceparent: bytes | None = None) -> Output:
    """An output that ends ``key`` in a compacted topic; ``traceparent`` as for :func:`emit`."""
    return Output(topic, key, None, [(TRACEPARENT, traceparent)] if traceparent else [])
