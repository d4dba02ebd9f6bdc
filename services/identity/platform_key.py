"""The platform key: one secret from which every derived id and every seal follows.

Losing it loses every consent, since a customer's number can no longer be tied to its ``user_ref``.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_BYTES = 32


class BadPlatformKey(ValueError):
    """``PARLEY_PLATFORM_KEY`` is not a platform key."""


class NotSealedHere(ValueError):
    """The bytes were not sealed under this platform key for this purpose."""


class PlatformKey:
    """Keyed digests and seals, each for a purpose, so that one can never stand in for another."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadPlatformKey(f"a platform key has {KEY_BYTES} bytes, this one {len(key)}")
        self._key = key
        self._sivs: dict[bytes, AESSIV] = {}

    @classmethod
    def from_text(cls, text: str) -> "PlatformKey":
        """Read ``PARLEY_PLATFORM_KEY``: 32 bytes in base64url. Raises :class:`BadPlatformKey`."""
        try:
            return cls(decode(text.strip().rstrip("=")))
        except ValueError as error:
            raise BadPlatformKey(
                f"PARLEY_PLATFORM_KEY must be {KEY_BYTES} bytes in base64url ({error}); "
                "`parley platform-key` makes one"
            ) from None

    @classmethod
    def generate(cls) -> str:
        """A new key as text for ``PARLEY_PLATFORM_KEY``."""
        return encode(token_bytes(KEY_BYTES))

    def digest(self, purpose: bytes, *parts: bytes) -> bytes:
        """32 bytes that follow from the parts and reveal nothing of them."""
        framed = b"".join(len(part).to_bytes(4) + part for part in (purpose, *parts))
        return hmac.digest(self._key, framed, sha256)

    def seal(self, purpose: bytes, plain: bytes) -> bytes:
        """AES-SIV: encrypted and authentic; the same plain text gives the same seal."""
        return self._siv(purpose).encrypt(plain, [purpose])

    def open(self, purpose: bytes, sealed: bytes) -> bytes:
        """What was sealed. Raises :class:`NotSealedHere`."""
        try:
            return self._siv(purpose).decrypt(sealed, [purpose])
        except (InvalidTag, ValueError):
            raise NotSealedHere(f"not sealed by this platform for {purpose.decode()}") from None

    def _siv(self, purpose: bytes) -> AESSIV:
        siv = self._sivs.get(purpose)
        if siv is None:
            key = self.digest(b"seal-1", purpose) + self.digest(b"seal-2", purpose)
            siv = self._sivs[purpose] = AESSIV(key)
        return siv


def encode(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """What :func:`encode` wrote, and nothing that merely resembles it. Raises ``ValueError``."""
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode(data) != text:
        raise ValueError("not base64url without padding")
    return data
