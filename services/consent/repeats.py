"""Which requests and messages are repeats, so that each passes once.

A client may repeat a request with the same Idempotency-Key as often as it likes: message ids follow from the
key, so a repeat has the id of the first. The key belongs to the request that was first in intake.
(Interfaces, "Idempotency-Key"; business rules 2.12.)
"""

from typing import NamedTuple

from services.consent.refusal import Refusal

HOUR_MS = 3_600_000
REQUEST_REMEMBERED_MS = 25 * HOUR_MS
"""How long a request is remembered: the 24 hours that clients may count on, and one to spare."""
CUSTOMER_MESSAGE_REMEMBERED_MS = 7 * 24 * HOUR_MS
"""How long a customer's message is remembered: as long as a handset may repeat it."""
INVALID_PARAMETER = 100


class KeyHolder(NamedTuple):
    """The request that an Idempotency-Key belongs to."""

    message_id: str
    body_digest: bytes


def why_key_is_taken(holder: KeyHolder, body_digest: bytes) -> Refusal:
    """Why a request of another message id cannot have the key."""
    if holder.body_digest == body_digest:
        return Refusal(
            INVALID_PARAMETER,
            f"duplicate of {holder.message_id}: the same request with the same Idempotency-Key was accepted "
            "before midnight UTC and is not sent twice; follow the statuses of that message.",
        )
    return Refusal(
        INVALID_PARAMETER,
        f"Idempotency-Key was used with another body, by {holder.message_id}; "
        "send another message with a key of its own.",
    )
