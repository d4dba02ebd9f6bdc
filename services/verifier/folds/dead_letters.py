"""dead-letters: records that a stage set aside, and so accounted for."""

from parley.runtime.v1 import runtime_pb2
from services.verifier.folds.reading import message_of
from services.verifier.known import Known
from services.verifier.records import ORDER, LogRecord, Place

FAILED_BY = frozenset({"send_requested", "send_screened", "send_assessed", "content_held"})
"""Kinds of records whose message fails when a stage sets one aside."""
_parse = runtime_pb2.DeadLettered.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    letter = message_of(_parse, record)
    place = Place(_without_prefix(letter.topic), letter.partition, letter.offset)
    known.set_aside.add(str(place))
    if letter.kind in FAILED_BY and letter.message_id:
        known.letters[letter.message_id] += 1
        known.awaited.came(f"letter/{letter.message_id}")
    if (letter.kind, letter.reason) == ("send_requested", "undecodable") and letter.message_id:
        _requested(letter, place, known)


def _requested(letter: runtime_pb2.DeadLettered, place: Place, known: Known) -> None:
    """What nobody can read was a request all the same, as its headers said: it has an end like any other."""
    life = known.life(letter.message_id)
    if life.requested is None and not life.settled:
        known.findings.messages += 1
        life.requested = place
        life.conversation = letter.key.decode(errors="replace")
        life.accepted_at_ms = life.expires_at_ms = letter.recorded_at_ms


def _without_prefix(name: str) -> str:
    """The declared name of a topic as Kafka calls it."""
    return max((each for each in ORDER if name.endswith(each)), key=len, default=name)
