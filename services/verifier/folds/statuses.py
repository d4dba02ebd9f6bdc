"""statuses: the one status of each message, in the order in which the business is told."""

from parley.delivery.v1 import statuses_pb2
from services.verifier.invariants import statuses_forward
from services.verifier.known import Known
from services.verifier.records import LogRecord

_parse = statuses_pb2.StatusEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = _parse(record.value or b"")
    kind = event.WhichOneof("event")
    if kind is not None:
        statuses_forward.check(known.life(event.message_id), kind, record.place, known.findings)
