"""statuses: the one status of each message, in the order in which the business is told."""

from parley.delivery.v1 import statuses_pb2
from services.contracts.keys import conversation_key
from services.verifier.folds.reading import Unreadable, check_key, message_of
from services.verifier.invariants import statuses_forward
from services.verifier.known import Known
from services.verifier.records import LogRecord

_parse = statuses_pb2.StatusEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = message_of(_parse, record)
    kind = event.WhichOneof("event")
    if kind is None:
        raise Unreadable
    check_key(conversation_key(event.business_id, event.user_ref), record, event.message_id, 6, known)
    life = known.life(event.message_id)
    life.conversation = life.conversation or record.key.decode(errors="replace")
    code = getattr(event, kind).refusal.code if kind in ("failed", "expired") else 0
    statuses_forward.check(life, kind, code, event.occurred_at_ms, record.place, known.findings)
    if kind == "read" and life.settled and not life.seen and known.kept("dispatch", life):
        known.awaited.wait(
            f"read/{life.message_id}",
            statuses_forward.UNSEEN,
            record.place,
            life.message_id,
            known.cut_number,
        )
