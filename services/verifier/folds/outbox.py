"""outbox: which attempts were made, as far as compaction has left them, and the consent that each names."""

from parley.delivery.v1 import outbox_pb2
from services.verifier.known import Known
from services.verifier.life import Attempt
from services.verifier.records import LogRecord

_parse = outbox_pb2.OutboxEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in. Notices and read marks are no messages: consent does not speak of them."""
    if record.value is None:
        return
    event = _parse(record.value)
    if event.WhichOneof("event") == "attempt_emitted":
        attempt = event.attempt_emitted
        life = known.life(attempt.message_id)
        life.attempts.append(Attempt(attempt.attempt, attempt.consent_id, record.place))
