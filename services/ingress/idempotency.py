"""``Idempotency-Key``: same key and body, same message, at whichever replica, without shared state.

The id of a keyed message follows from number, recipient, key, body and UTC day. Another body under the same
key, or a repeat across midnight, gets an id of its own, which the consent stage then refuses.
"""

import re
from collections.abc import Sequence
from secrets import token_bytes

from parley.intake.v1.intake_pb2 import Idempotency
from parley.settings.v1.settings_pb2 import PhoneNumber
from services.identity.message_id import UNIQUE_BYTES
from services.identity.platform_key import PlatformKey
from services.ingress.decode import canonical_json
from services.ingress.errors import invalid_parameter
from services.ingress.fields import Members
from services.ingress.limits import IDEMPOTENCY_KEY_CHARACTERS_MAX

DAY_MS = 86_400_000
_VISIBLE_ASCII = re.compile(rf"[\x21-\x7e]{{1,{IDEMPOTENCY_KEY_CHARACTERS_MAX}}}")


def idempotency_key_of(received: Sequence[str]) -> str | None:
    """The key, from the headers of that name; None without any. Raises ``ApiError`` 100."""
    if not received:
        return None
    if len(received) > 1 or not _VISIBLE_ASCII.fullmatch(received[0]):
        raise invalid_parameter(
            f"Idempotency-Key must be given once, as 1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} visible ASCII "
            "characters."
        )
    return received[0]


def new_unique_bytes() -> bytes:
    """What tells a message without key from every other."""
    return token_bytes(UNIQUE_BYTES)


def keyed_unique_bytes(platform_key: PlatformKey, idempotency: Idempotency, accepted_at_ms: int) -> bytes:
    """What tells a keyed message from every other, on the UTC day of its acceptance."""
    day = accepted_at_ms // DAY_MS
    digest = platform_key.digest(
        b"keyed-message", idempotency.key_digest, idempotency.body_digest, day.to_bytes(8)
    )
    return digest[:UNIQUE_BYTES]


def idempotency_of(
    platform_key: PlatformKey, key: str, sender: PhoneNumber, number: str, request: Members
) -> Idempotency:
    """The digests by which a repeat is known: of number, recipient and key; and of the body as JSON.

    The recipient counts in canonical form, so ``+1 650…`` and ``1650…`` are the same body.
    """
    body = canonical_json(request | {"to": number})
    return Idempotency(
        key_digest=platform_key.digest(
            b"idempotency-key", sender.phone_number_id.encode(), number.encode(), key.encode()
        ),
        body_digest=platform_key.digest(b"idempotency-body", body),
    )
