"""All endpoints that this worker knows, as the settings have them."""

import asyncio

import structlog

from parley.settings.v1 import settings_pb2
from services.delivery.webhooks import metrics
from services.delivery.webhooks.circuit import Circuit, CircuitLimits
from services.delivery.webhooks.courier import NoCourier, Posts
from services.delivery.webhooks.couriers import Couriers
from services.delivery.webhooks.endpoint import Endpoint, EndpointLimits, PutsOff
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.target import BadUrl
from services.identity.platform_key import NotSealedHere
from services.runtime.clock import Clock
from services.runtime.settings_table import SettingsTable

log = structlog.get_logger()


class Endpoints:
    """One endpoint an account. Call it from one event loop."""

    def __init__(
        self,
        table: SettingsTable,
        couriers: Couriers,
        circuit_limits: CircuitLimits,
        endpoint_limits: EndpointLimits,
        deferral: PutsOff,
        clock: Clock,
    ) -> None:
        self._table = table
        self._couriers = couriers
        self._circuit_limits = circuit_limits
        self._endpoint_limits = endpoint_limits
        self._deferral = deferral
        self._clock = clock
        self._endpoints: dict[str, Endpoint] = {}
        self._sent_by: dict[str, tuple[str, bytes]] = {}
        table.watch(self._take)

    def offer(self, errand: Errand) -> None:
        """Give an errand to its account's endpoint."""
        endpoint = self._endpoints.get(errand.account_id)
        if endpoint is None:
            endpoint = self._add(errand.account_id)
        endpoint.offer(errand)

    def backlog_that_moves(self, within_seconds: float) -> int:
        """Updates that wait for endpoints where each gets its turn within that time."""
        return sum(endpoint.backlog_that_moves(within_seconds) for endpoint in self._endpoints.values())

    def tidy(self) -> None:
        """Drop connections that are no longer used, and bring metrics up to date; for every now and then."""
        for endpoint in self._endpoints.values():
            endpoint.drop_idle()
        metrics.CIRCUITS_OPEN.set(sum(not one.circuit_is_closed for one in self._endpoints.values()))

    async def stop(self, timeout_seconds: float) -> None:
        """Begin no more tries, and wait for those under way."""
        await asyncio.gather(*(endpoint.stop(timeout_seconds) for endpoint in self._endpoints.values()))

    def _add(self, account_id: str) -> Endpoint:
        account = self._table.account(account_id) or settings_pb2.Account(account_id=account_id)
        endpoint = self._endpoints[account_id] = Endpoint(
            self._courier(account),
            Circuit(self._circuit_limits),
            self._endpoint_limits,
            self._deferral,
            self._clock,
        )
        self._sent_by[account_id] = _what_counts(account)
        return endpoint

    def _courier(self, account: settings_pb2.Account) -> Posts | None:
        try:
            return self._couriers.courier(account)
        except (BadUrl, NotSealedHere) as error:
            log.exception("webhooks of an account cannot be sent", account_id=account.account_id)
            return NoCourier(str(error))

    def _take(self, setting: settings_pb2.SettingChanged) -> None:
        if setting.WhichOneof("value") != "account":
            return
        account = setting.account
        endpoint = self._endpoints.get(account.account_id)
        if endpoint is None or self._sent_by[account.account_id] == _what_counts(account):
            return
        self._sent_by[account.account_id] = _what_counts(account)
        endpoint.retarget(self._courier(account), Circuit(self._circuit_limits))


def _what_counts(account: settings_pb2.Account) -> tuple[str, bytes]:
    return account.webhook_url, account.app_secret_sealed
