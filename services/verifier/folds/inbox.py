"""inbox: what the business is shown of its customers."""

from parley.inbox.v1 import inbox_pb2
from services.contracts.keys import conversation_key
from services.verifier.customer_message import CustomerMessage
from services.verifier.folds.intake import REPEATED_MS
from services.verifier.folds.reading import Unreadable, check_key, message_of
from services.verifier.known import Known
from services.verifier.records import LogRecord

STOP, START = 1, 2
_parse = inbox_pb2.InboxEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = message_of(_parse, record)
    kind = event.WhichOneof("event")
    if kind is None:
        raise Unreadable
    told = getattr(event, kind)
    message = known.customer_message(told.message_id)
    check_key(conversation_key(event.business_id, event.user_ref), record, message.message_id, 1, known)
    name = "shown" if kind == "message_received" else "confirmed"
    if not is_news(message, name, record, known):
        return
    message.conversation = record.key.decode(errors="replace")
    if kind == "message_received":
        message.shown = record.place
        message.shown_as = f"{event.phone_number_id} {told.sent_at_ms} {bool(told.referral_json)}"
    else:
        message.confirmed = record.place
        message.confirmed_as = STOP if told.stopped else START


def is_news(message: CustomerMessage, name: str, record: LogRecord, known: Known) -> bool:
    """Whether the record is the first of its kind about the message; names it where it is not."""
    now_ms = known.stage_time_ms[record.topic, record.partition]
    if message.settled and now_ms >= message.received_at_ms + REPEATED_MS:
        message.begin_anew()
    if not message.settled and getattr(message, name) is None:
        return True
    if not message.settled or known.in_view.whole(record.topic, record.partition):
        known.findings.violated(
            1, record.place, message.message_id, f"{record.topic} has the customer's message {name} twice."
        )
    return False
