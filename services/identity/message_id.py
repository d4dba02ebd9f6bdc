"""Message ids: ``wamid.`` and a seal that whoever holds the platform key can open, and nobody else.

Inside are kind, business, phone number id, customer and 16 unique bytes, so an id can be routed and its
owner told without any look-up.
"""

from dataclasses import dataclass
from enum import IntEnum

from services.identity.platform_key import NotSealedHere, PlatformKey, decode, encode
from services.identity.references import USER_REF_BYTES, USER_REF_VERSION

PREFIX = "wamid."
UNIQUE_BYTES = 16
_PURPOSE = b"message-id"
_ID_BYTES = 8
_LENGTH = 1 + 2 * _ID_BYTES + USER_REF_BYTES + UNIQUE_BYTES
TEXT_MAX = 128
"""Longest id that is looked at."""


class Kind(IntEnum):
    """Which way the message went."""

    OUTBOUND = 1
    INBOUND = 2


class UnknownMessageId(ValueError):
    """The id was not made by this platform."""


@dataclass(frozen=True, slots=True)
class MessageId:
    """What an id says."""

    kind: Kind
    business_id: str
    phone_number_id: str
    user_ref: str
    unique: bytes

    def seal(self, key: PlatformKey) -> str:
        """The id as the world sees it."""
        plain = b"".join(
            (
                bytes([self.kind]),
                int(self.business_id).to_bytes(_ID_BYTES),
                int(self.phone_number_id).to_bytes(_ID_BYTES),
                decode(self.user_ref.removeprefix(USER_REF_VERSION + "_")),
                self.unique,
            )
        )
        return PREFIX + encode(key.seal(_PURPOSE, plain))


def open_message_id(key: PlatformKey, text: str) -> MessageId:
    """Open an id. Raises :class:`UnknownMessageId`."""
    try:
        if not text.startswith(PREFIX) or len(text) > TEXT_MAX:
            raise UnknownMessageId("not a message id")
        plain = key.open(_PURPOSE, decode(text.removeprefix(PREFIX)))
        if len(plain) != _LENGTH:
            raise UnknownMessageId("not a message id of this version")
        kind = Kind(plain[0])
    except (NotSealedHere, ValueError):
        raise UnknownMessageId("this platform made no such message id") from None
    ids, rest = plain[1 : 1 + 2 * _ID_BYTES], plain[1 + 2 * _ID_BYTES :]
    return MessageId(
        kind=kind,
        business_id=str(int.from_bytes(ids[:_ID_BYTES])),
        phone_number_id=str(int.from_bytes(ids[_ID_BYTES:])),
        user_ref=f"{USER_REF_VERSION}_{encode(rest[:USER_REF_BYTES])}",
        unique=rest[USER_REF_BYTES:],
    )
