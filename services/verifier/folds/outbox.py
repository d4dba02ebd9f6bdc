"""outbox: which attempts were made, as far as compaction has left them, and the consent that each names."""

from parley.delivery.v1 import outbox_pb2
from services.verifier.folds.reading import event_of
from services.verifier.known import Known
from services.verifier.life import Attempt
from services.verifier.records import LogRecord

_parse = outbox_pb2.OutboxEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in. Notices and read marks are no messages: consent does not speak of them."""
    if record.value is None:
        return
    kind, event = event_of(_parse, record)
    if kind != "attempt_emitted":
        return
    life = known.life(event.message_id)
    if life.settled:
        known.findings.unchecked[3] += 1  # told so late that its consent is no longer remembered
        return
    life.accepted_at_ms = life.accepted_at_ms or event.accepted_at_ms
    life.attempts.append(Attempt(event.attempt, event.consent_id, record.place))
