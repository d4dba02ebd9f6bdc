"""windows: which window each customer's message opened or continued.

That a window closes soon, or has closed, follows from the passing of time; it is judged by the replay.
"""

from parley.window.v1 import windows_pb2
from services.contracts.keys import conversation_key
from services.verifier.folds.inbox import is_news
from services.verifier.folds.reading import Unreadable, check_key, message_of
from services.verifier.folds.screened import window_words
from services.verifier.known import Known
from services.verifier.records import LogRecord

_parse = windows_pb2.WindowEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = message_of(_parse, record)
    kind = event.WhichOneof("event")
    if kind is None:
        raise Unreadable
    check_key(conversation_key(event.business_id, event.user_ref), record, event.last_message_id, 4, known)
    if kind not in ("opened", "extended"):
        return
    message = known.customer_message(event.last_message_id)
    if is_news(message, "window", record, known):
        message.conversation = record.key.decode(errors="replace")
        message.window = record.place
        message.window_as = window_words(
            event.phone_number_id, event.opened_by, event.opened_at_ms, event.closes_at_ms
        )
