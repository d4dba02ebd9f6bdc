"""The rows by which consent knows a repeat, of a message or of an Idempotency-Key, for a limited time."""

from typing import cast

from parley.consent.v1 import consent_row_pb2
from parley.intake.v1 import intake_pb2
from services.consent.refusal import Refusal
from services.consent.repeats import REQUEST_REMEMBERED_MS, KeyHolder, why_key_is_taken
from services.runtime.record import Cause
from services.runtime.rows import Rows


def is_first_time(message_id: str, remembered_ms: int, cause: Cause, rows: Rows) -> bool:
    """Whether the message is new; if so it is remembered for so many milliseconds from its record's time."""
    row_key = b"%b/m/%b" % (cause.key, message_id.encode())
    if rows.get(row_key) is not None:
        return False
    row = consent_row_pb2.ConsentRow(wake_at_ms=cause.timestamp_ms + remembered_ms)
    row.message.SetInParent()
    rows.put(row_key, row)
    return True


def claim_key(message_id: str, key: intake_pb2.Idempotency, cause: Cause, rows: Rows) -> Refusal | None:
    """Give a free Idempotency-Key to a message that is new; says why it cannot have one that is taken."""
    row_key = b"%b/k/%b" % (cause.key, key.key_digest.hex().encode())
    row = cast("consent_row_pb2.ConsentRow | None", rows.get(row_key))
    if row is not None:
        return why_key_is_taken(KeyHolder(row.request.message_id, row.request.body_digest), key.body_digest)
    request = consent_row_pb2.RememberedRequest(message_id=message_id, body_digest=key.body_digest)
    wake_at_ms = cause.timestamp_ms + REQUEST_REMEMBERED_MS
    rows.put(row_key, consent_row_pb2.ConsentRow(wake_at_ms=wake_at_ms, request=request))
    return None
