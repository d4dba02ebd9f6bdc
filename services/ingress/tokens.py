"""Which account an access token opens. Tokens are kept as SHA-256 of their text, never as they are."""

from hashlib import sha256

from parley.settings.v1.settings_pb2 import SettingChanged


class TokenIndex:
    """All good tokens, kept in step with the accounts' settings.

    Tokens are looked up by their hash: how long that takes says nothing of a token that is not known.
    """

    def __init__(self) -> None:
        self._account_of: dict[bytes, str] = {}
        self._tokens_of: dict[str, frozenset[bytes]] = {}

    def take(self, setting: SettingChanged) -> None:
        """Take notice of a setting; from then on an account's new tokens open it and revoked ones do not."""
        if setting.WhichOneof("value") != "account":
            return
        account = setting.account
        good = frozenset(token.sha256 for token in account.access_tokens if not token.revoked_at_ms)
        for digest in self._tokens_of.get(account.account_id, frozenset()) - good:
            del self._account_of[digest]
        for digest in good:
            self._account_of[digest] = account.account_id
        self._tokens_of[account.account_id] = good

    def account_of(self, token: str) -> str | None:
        """Id of the account that the token opens; None when it is unknown or revoked."""
        return self._account_of.get(sha256(token.encode("utf-8", "surrogateescape")).digest())
