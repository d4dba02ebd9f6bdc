"""Makes the courier of an account from its settings."""

import ssl

from parley.settings.v1 import settings_pb2
from services.contracts.setting_routes import SETTING_PURPOSE
from services.delivery.webhooks.address_guard import guard
from services.delivery.webhooks.connections import Connections
from services.delivery.webhooks.courier import Courier
from services.delivery.webhooks.resolver import Resolve
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.target import parse_target
from services.identity.platform_key import PlatformKey


class Couriers:
    """What all couriers of a process have in common."""

    def __init__(
        self,
        platform_key: PlatformKey,
        resolve: Resolve,
        tls: ssl.SSLContext,
        *,
        allow_private: bool,
        timeout_seconds: float,
        sockets: Sockets,
    ) -> None:
        """`timeout_seconds` is for one try: name, connection, request and answer together."""
        self._platform_key = platform_key
        self._resolve = resolve
        self._tls = tls
        self._allow_private = allow_private
        self._timeout_seconds = timeout_seconds
        self._sockets = sockets

    def courier(self, account: settings_pb2.Account) -> Courier | None:
        """The account's courier; None where it has no webhook URL. Raises BadUrl and NotSealedHere."""
        if not account.webhook_url:
            return None
        target = parse_target(account.webhook_url, allow_http=self._allow_private)
        secret = self._platform_key.open(SETTING_PURPOSE, account.app_secret_sealed)
        permits = guard(allow_private=self._allow_private)
        connections = Connections(target, self._resolve, self._tls, permits, self._sockets)
        return Courier(target, secret, connections, self._timeout_seconds)
