"""Who stands at the door: sockets without a finished handshake, few of them and not for long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse
from aiohttp.web_server import Server

from services.delivery.handset import metrics
from services.delivery.handset.limits import HandsetLimits

TURNED_AWAY_MAX = 64
"""Sockets that are told why and may read it; those beyond are cut off."""
TURNED_AWAY_SECONDS = 1.0
"""How long a socket that is turned away may take to read why."""
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 24\r\n"
    b"Retry-After: 1\r\nConnection: close\r\n\r\nToo many knock at once.\n"
)


class Door(Server):
    """A protocol factory for ``loop.create_server``, in the running event loop."""

    def __init__(
        self, handler: Callable[[BaseRequest], Awaitable[StreamResponse]], limits: HandsetLimits
    ) -> None:
        super().__init__(
            handler,
            keepalive_timeout=limits.handshake_seconds_max,
            lingering_time=limits.close_seconds_max,
            access_log=None,
        )
        self._limits = limits
        self._at_door: set[RequestHandler] = set()
        self._inside: set[RequestHandler] = set()
        self._turned_away = 0

    @property
    def is_full(self) -> bool:
        """Whether nobody else may go in. Who is being shown out counts until they have left."""
        return len(self._inside) >= self._limits.connections_max

    def let_in(self, protocol: RequestHandler) -> None:
        """A socket's token is good: it is inside until it is closed."""
        if protocol in self._at_door:
            self._at_door.remove(protocol)
            self._inside.add(protocol)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """A socket comes to the door."""
        super().connection_made(handler, transport)
        self._at_door.add(handler)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """A socket is closed."""
        super().connection_lost(handler, exc)
        self._at_door.discard(handler)
        self._inside.discard(handler)

    def __call__(self) -> asyncio.Protocol:  # type: ignore[override]
        """The protocol of a new socket."""
        if len(self._at_door) < self._limits.handshakes_max:
            return super().__call__()
        metrics.REFUSED_HANDSHAKES.labels("crowd").inc()
        return _TurnedAway(self)

    def turn_away(self, transport: asyncio.Transport) -> None:
        """Tell a socket that it came at a bad time, and close it."""
        self._turned_away += 1
        if self._turned_away > TURNED_AWAY_MAX:
            transport.abort()
            return
        transport.write(_FULL)
        # Closing at once would reset the connection under a request that is on its way.
        asyncio.get_running_loop().call_later(TURNED_AWAY_SECONDS, transport.close)

    def has_gone(self) -> None:
        """A socket that was turned away is closed."""
        self._turned_away -= 1


class _TurnedAway(asyncio.Protocol):
    """A socket too many, whatever it asks."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._door.turn_away(cast(asyncio.Transport, transport))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._door.has_gone()
