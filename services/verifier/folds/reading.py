"""What every fold does with a record first."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError, Message

from services.verifier.known import Known
from services.verifier.life import MessageLife
from services.verifier.records import LogRecord


class Unreadable(Exception):
    """The record is not what its topic carries."""


def event_of(parse: Callable[[bytes], Any], record: LogRecord) -> tuple[str, Any]:
    """The member of the record's oneof that is set, by name. Raises :class:`Unreadable`."""
    event = message_of(parse, record)
    kind = event.WhichOneof("event")
    if kind is None:
        raise Unreadable
    return kind, getattr(event, kind)


def message_of(parse: Callable[[bytes], Any], record: LogRecord) -> Any:
    """The record's value. Raises :class:`Unreadable`."""
    if record.value is None:
        raise Unreadable
    try:
        message: Message = parse(record.value)
    except DecodeError:
        raise Unreadable from None
    return message


def take_step(life: MessageLife, step: str, record: LogRecord, known: Known) -> bool:
    """Note where a message took a step. False, and a violation, when it has taken it before."""
    before = getattr(life, step)
    if before is None and not life.settled:
        setattr(life, step, record.place)
        return True
    first = "" if before is None else f", first at {before}"
    known.findings.violated(
        1, record.place, life.message_id, f"{record.topic} has the message {step} twice{first}."
    )
    return False


def check_key(expected: bytes, record: LogRecord, subject: str, invariant: int, known: Known) -> bool:
    """A record must lie under the key of what it is about: the order of a key is what stages rely on."""
    if record.key == expected:
        return True
    known.findings.violated(
        invariant, record.place, subject, f"The record lies under the key {record.key!r}."
    )
    return False
