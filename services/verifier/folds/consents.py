"""consents: each change of consent, as it is kept for ever."""

from parley.consent.v1 import consents_pb2
from services.contracts.keys import conversation_key
from services.verifier.conversation import ChangeTold
from services.verifier.folds.consent_due import what
from services.verifier.folds.reading import Unreadable, check_key, message_of
from services.verifier.known import Known
from services.verifier.records import LogRecord

_parse = consents_pb2.ConsentEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = message_of(_parse, record)
    kind = event.WhichOneof("event")
    if kind is None:
        raise Unreadable
    check_key(conversation_key(event.business_id, event.user_ref), record, event.consent_id, 3, known)
    words = what(kind, event.changed_at_ms, event.method, event.evidence)
    told = ChangeTold(event.consent_id, words, event.changed_at_ms, record.place)
    known.conversation(record.key).told.append(told)
