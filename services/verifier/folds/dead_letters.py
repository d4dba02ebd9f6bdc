"""dead-letters: records that a stage set aside, and so accounted for."""

from parley.runtime.v1 import runtime_pb2
from services.verifier.folds.reading import message_of
from services.verifier.known import Known
from services.verifier.records import ORDER, LogRecord, Place

_parse = runtime_pb2.DeadLettered.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    letter = message_of(_parse, record)
    known.set_aside.add(str(Place(_without_prefix(letter.topic), letter.partition, letter.offset)))


def _without_prefix(name: str) -> str:
    """The declared name of a topic as Kafka calls it."""
    return max((each for each in ORDER if name.endswith(each)), key=len, default=name)
