"""The token with which a customer's device opens the handset channel: the number, sealed."""

from services.identity.platform_key import NotSealedHere, PlatformKey, decode, encode

_PURPOSE = b"customer-token"


class BadCustomerToken(ValueError):
    """The token was not made by this platform."""


def customer_token(key: PlatformKey, number: str) -> str:
    """A token for a canonical number, good towards all accounts; the same each time."""
    return encode(key.seal(_PURPOSE, number.encode()))


def number_of_token(key: PlatformKey, token: str) -> str:
    """The canonical number that a token was made for. Raises :class:`BadCustomerToken`."""
    try:
        return key.open(_PURPOSE, decode(token)).decode()
    except (NotSealedHere, ValueError):
        raise BadCustomerToken("this platform made no such token") from None
