"""Connections to one endpoint: each opened to an address that was checked, and kept while it is good."""

import asyncio
import errno
import ssl
from collections import deque
from functools import partial

from services.delivery.webhooks.address_guard import Permits
from services.delivery.webhooks.failures import (
    AddressRefused,
    NoLookupLeft,
    NoSocketLeft,
    Unconnectable,
    Unresolvable,
)
from services.delivery.webhooks.http_connection import HttpConnection
from services.delivery.webhooks.resolver import Resolve
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.target import Target

ADDRESSES_TRIED_MAX = 4
ADDRESSES_KEPT_SECONDS = 30.0
IDLE_SECONDS_MAX = 20.0
OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Errors that say that this machine has no more sockets, and nothing of the endpoint."""
NO_SOCKET_LEFT = "too many connections are open: PARLEY_WEBHOOK_SOCKETS and the system's limits say how many"


class Connections:
    """Opens connections to a target and keeps idle ones."""

    def __init__(
        self,
        target: Target,
        resolve: Resolve,
        tls: ssl.SSLContext,
        permits: Permits,
        sockets: Sockets,
        addresses_kept_seconds: float = ADDRESSES_KEPT_SECONDS,
    ) -> None:
        self._target = target
        self._resolve = resolve
        self._tls = tls if target.tls else None
        self._permits = permits
        self._sockets = sockets
        self._addresses_kept_seconds = addresses_kept_seconds
        self._in_use = 0
        self._idle: deque[tuple[HttpConnection, float]] = deque()
        self._addresses: tuple[float, list[str]] | None = None
        self._closed = False

    def idle(self) -> HttpConnection | None:
        """The connection used last, if it is still good. Raises NoSocketLeft when too many are in use."""
        oldest_useful = asyncio.get_running_loop().time() - IDLE_SECONDS_MAX
        while self._idle:
            connection, since = self._idle[-1]
            if connection.is_open and since > oldest_useful:
                if not self._sockets.wake(connection, self._in_use):
                    raise NoSocketLeft(NO_SOCKET_LEFT)
                self._idle.pop()
                self._in_use += 1
                return connection
            self._idle.pop()
            connection.close()
        return None

    def keep(self, connection: HttpConnection) -> None:
        """Take a connection back after an exchange; one that is no longer good is dropped."""
        if connection.is_open and not self._closed:
            self._in_use -= 1
            self._sockets.rest(connection)
            self._idle.append((connection, asyncio.get_running_loop().time()))
        else:
            connection.close()

    async def open(self, deadline: float) -> HttpConnection:
        """A new connection to a checked address, by a deadline in the loop's time.

        Raises AddressRefused, NoLookupLeft, NoSocketLeft, Unresolvable or Unconnectable.
        """
        where = f"{self._target.host}:{self._target.port}"
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._checked_addresses()
            return await self._open(addresses, deadline)
        except TimeoutError:
            self._addresses = None
            raise Unconnectable(f"no connection to {where} in time") from None
        except OSError as error:
            self._addresses = None
            raise Unconnectable(f"no connection to {where}: {error}") from None

    def drop_idle(self) -> None:
        """Close what has not been used for a while; to be called now and then."""
        oldest_useful = asyncio.get_running_loop().time() - IDLE_SECONDS_MAX
        while self._idle and self._idle[0][1] < oldest_useful:
            self._idle.popleft()[0].close()

    def close(self) -> None:
        """Drop idle connections; those in use are dropped when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop()[0].close()

    async def _open(self, addresses: list[str], deadline: float) -> HttpConnection:
        """Try the addresses in turn, each with its share of the time, so that a dead one leaves some."""
        failure = OSError("the name has no address")
        now = asyncio.get_running_loop().time
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            if not self._sockets.take(self._in_use):
                raise NoSocketLeft(NO_SOCKET_LEFT)
            self._in_use += 1
            connection = None
            try:
                async with asyncio.timeout_at(now() + (deadline - now()) / left):
                    connection = await self._connect(address)
            except OSError as error:  # TimeoutError and ssl.SSLError are such
                if error.errno in OURS:
                    raise NoSocketLeft(f"{NO_SOCKET_LEFT} ({error})") from None
                failure = error
            finally:
                if connection is None:
                    self._give_back()
            if connection is not None:
                connection.when_ended(partial(self._ended, connection))
                return connection
        raise failure

    def _ended(self, connection: HttpConnection) -> None:
        if not self._sockets.forget(connection):
            self._give_back()

    def _give_back(self) -> None:
        self._in_use -= 1
        self._sockets.give_back()

    async def _connect(self, address: str) -> HttpConnection:
        server_hostname = self._target.host if self._tls else None
        _, connection = await asyncio.get_running_loop().create_connection(
            HttpConnection, address, self._target.port, ssl=self._tls, server_hostname=server_hostname
        )
        return connection

    async def _checked_addresses(self) -> list[str]:
        loop = asyncio.get_running_loop()
        if self._addresses is None or self._addresses[0] < loop.time():
            try:
                found = await self._looked_up()
            except NoLookupLeft:
                if self._addresses is not None:  # checked, and better than none
                    return self._addresses[1]
                raise
            allowed = [address for address in found if self._permits(address)]
            if found and not allowed:
                raise AddressRefused(
                    f"{self._target.host} leads to {found[0]}, which is not on the public Internet: "
                    "PARLEY_WEBHOOK_ALLOW_PRIVATE=true would permit it"
                )
            self._addresses = (loop.time() + self._addresses_kept_seconds, allowed[:ADDRESSES_TRIED_MAX])
        return self._addresses[1]

    async def _looked_up(self) -> list[str]:
        try:
            return await self._resolve(self._target.host, self._target.port)
        except (OSError, UnicodeError) as error:
            raise Unresolvable(f"{self._target.host} has no address: {error}") from None
