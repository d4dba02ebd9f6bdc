"""Reads the dead letters: records that a stage could not apply, with the reason."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from parley.runtime.v1 import runtime_pb2
from services.admin.errors import Refused
from services.admin.kafka_records import committed_records
from services.contracts.catalogue import Topic, catalogue, topic
from services.runtime.kafka_connection import KafkaConnection


class Letter(NamedTuple):
    """One dead letter."""

    id: str
    """Its place in the topic of dead letters, such as ``0.42``."""
    record: runtime_pb2.DeadLettered

    def source(self) -> Topic | None:
        """The topic that the record lay in, whatever its prefix; None when it is declared no more."""
        declared = catalogue()
        ends = [name for name in declared if self.record.topic.endswith(name)]
        return declared[max(ends, key=len)] if ends else None

    def decoded(self) -> dict[str, Any] | None:
        """The record's value as JSON; None when it cannot be read or was too large to be kept."""
        source = self.source()
        if source is None or not self.record.value:
            return None
        try:
            message = source.message.FromString(self.record.value)
        except DecodeError:
            return None
        return json_format.MessageToDict(message, preserving_proto_field_name=True)


def read_letters(connection: KafkaConnection, topic_prefix: str) -> Iterator[Letter]:
    """All letters that are kept, the oldest first. Raises ``KafkaException``."""
    declared = topic("dead-letters")
    for record in committed_records(connection, topic_prefix + declared.name, declared.partitions):
        if value := record.value():
            letter = runtime_pb2.DeadLettered.FromString(value)
            yield Letter(f"{record.partition()}.{record.offset()}", letter)


def find_letter(connection: KafkaConnection, topic_prefix: str, letter_id: str) -> Letter:
    """The letter with that id. Raises :class:`Refused` when there is none."""
    for letter in read_letters(connection, topic_prefix):
        if letter.id == letter_id:
            return letter
    raise Refused(f"There is no dead letter {letter_id}: `parley dead-letters list` lists them.")
