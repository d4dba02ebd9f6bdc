"""outbox: which attempts were made, as far as compaction has left them, and the consent that each names.

A message has one key: its attempts lie in the order in which they were made, and its tombstone behind them.
"""

from parley.delivery.v1 import outbox_pb2
from services.contracts.keys import customer_message_key
from services.verifier.folds.reading import check_key, event_of
from services.verifier.known import Known
from services.verifier.life import UNKNOWN, Attempt, MessageLife
from services.verifier.records import LogRecord

_parse = outbox_pb2.OutboxEvent.FromString
SIGNALS = ("notice.", "read.")
"""How the ids of notices and read marks begin, which are no messages: consent does not speak of them."""


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    if record.value is None:
        _withdrawn(record, known)
        return
    kind, event = event_of(_parse, record)
    if kind != "attempt_emitted":
        return
    life = known.life(event.message_id)
    attempt = Attempt(event.attempt, event.consent_id, record.timestamp_ms, record.place)
    user_ref = record.key.decode(errors="replace").partition("/")[0]
    check_key(customer_message_key(user_ref, event.message_id), record, event.message_id, 3, known)
    wrong = _again(life, attempt) or (life.settled and _too_late(life, attempt))
    life.attempted = max(life.attempted, attempt.number)
    if wrong:
        known.findings.violated(3, record.place, life.message_id, wrong)
    elif life.settled:
        known.findings.unchecked[3] += 1  # told so late that its consent is no longer remembered
    else:
        life.accepted_at_ms = life.accepted_at_ms or event.accepted_at_ms
        life.attempts.append(attempt)


def _again(life: MessageLife, attempt: Attempt) -> str:
    """What is wrong with an attempt by what lies before it in outbox."""
    if life.withdrawn:
        return f"Attempt {attempt.number} was made after the message had been taken out of outbox."
    if attempt.number <= life.attempted:
        return f"Attempt {attempt.number} was made again, behind attempt {life.attempted}."
    return ""


def _too_late(life: MessageLife, attempt: Attempt) -> str:
    """What is wrong with an attempt for a message that has been judged."""
    if life.permitted == UNKNOWN:
        return ""
    if attempt.number > life.permitted or attempt.at_ms > life.permitted_at_ms:
        return f"The message had ended: nothing in dispatch causes attempt {attempt.number}."
    return ""


def _withdrawn(record: LogRecord, known: Known) -> None:
    name = record.key.decode(errors="replace").partition("/")[2]
    if not name.startswith(SIGNALS):
        life = known.lives.find(name)
        if life is not None:
            life.withdrawn = True
