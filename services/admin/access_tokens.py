"""Access tokens of an account. The text is shown once, to whoever makes it; settings keep its hash."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from secrets import token_bytes
from typing import NamedTuple

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused

PREFIX = "PT"
RANDOM_BYTES = 32
TOKENS_MAX = 16
"""Good tokens of an account; revoked ones beyond that are forgotten, the oldest first."""


class NewToken(NamedTuple):
    """A token just made."""

    text: str
    setting: settings_pb2.AccessToken


def new_token(
    existing: Sequence[settings_pb2.AccessToken],
    now_ms: int,
    random_bytes: Callable[[int], bytes] = token_bytes,
) -> NewToken:
    """A further token for an account that has ``existing`` ones. Raises :class:`Refused` at the limit."""
    if sum(1 for token in existing if not token.revoked_at_ms) >= TOKENS_MAX:
        raise Refused(f"The account has {TOKENS_MAX} good tokens already: revoke one first.")
    newest = max((int(token.token_id.removeprefix("t")) for token in existing), default=0)
    text = PREFIX + urlsafe_b64encode(random_bytes(RANDOM_BYTES)).rstrip(b"=").decode()
    setting = settings_pb2.AccessToken(
        token_id=f"t{newest + 1}", sha256=sha256(text.encode()).digest(), created_at_ms=now_ms
    )
    return NewToken(text, setting)


def with_token(
    existing: Sequence[settings_pb2.AccessToken], token: settings_pb2.AccessToken
) -> list[settings_pb2.AccessToken]:
    """All tokens to keep once ``token`` is there: good ones, and revoked ones while there is room."""
    good = [each for each in existing if not each.revoked_at_ms]
    room = TOKENS_MAX - len(good) - 1
    revoked = sorted((each for each in existing if each.revoked_at_ms), key=lambda each: each.revoked_at_ms)
    return sorted([*good, *revoked[len(revoked) - room :], token], key=lambda each: each.created_at_ms)


def revoke(token_id: str, existing: Sequence[settings_pb2.AccessToken], now_ms: int) -> None:
    """Mark a token as revoked, in place; one that is revoked stays as it is. Raises :class:`Refused`."""
    for token in existing:
        if token.token_id == token_id:
            token.revoked_at_ms = token.revoked_at_ms or now_ms
            return
    raise Refused(f"The account has no token {token_id}: `parley account token ACCOUNT --list` names them.")
