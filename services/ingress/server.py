"""The HTTP server: aiohttp's, without its router, and with every refusal in the Cloud API's envelope."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast
from weakref import WeakSet

import structlog
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server

from services.ingress import metrics
from services.ingress.errors import ApiError, internal_error, invalid_parameter, new_trace_id, overloaded
from services.ingress.limits import RETRY_AFTER_OVERLOAD_SECONDS, HttpLimits

log = structlog.get_logger()

CONTENT_TYPE = "application/json; charset=UTF-8"
SERVER = "parley"
HELD_SECONDS_MAX = 1
"""How long at most a connection that comes again too soon is not read from."""
_TURNED_AWAY_SECONDS = 1.0
"""How long a connection that is turned away may take to read why."""


def json_response(body: bytes) -> Response:
    """A 200."""
    return Response(body=body, headers={"Content-Type": CONTENT_TYPE, "Server": SERVER})


def error_response(error: ApiError) -> Response:
    """The answer to a request that is refused, counted."""
    trace_id = new_trace_id()
    headers = {"Content-Type": CONTENT_TYPE, "Server": SERVER, "x-fb-trace-id": trace_id}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 405:  # noqa: PLR2004
        headers["Allow"] = "POST"
    metrics.requests_answered(error.code).inc()
    return Response(status=error.status, body=error.envelope(trace_id), headers=headers)


class IngressServer(Server):
    """A protocol factory for ``loop.create_server``."""

    def __init__(
        self, handler: Callable[[BaseRequest], Awaitable[StreamResponse]], limits: HttpLimits
    ) -> None:
        super().__init__(
            handler,
            keepalive_timeout=limits.idle_seconds_max,
            lingering_time=limits.linger_seconds_max,
            max_line_size=limits.line_bytes_max,
            max_field_size=limits.header_bytes_max,
            max_headers=limits.headers_max,
            auto_decompress=False,
            access_log=None,
        )
        self._limits = limits
        self._arriving: WeakSet[Connection] = WeakSet()
        self._turned_away: WeakSet[_TurnedAway] = WeakSet()

    def __call__(self) -> asyncio.Protocol:  # type: ignore[override]
        """The protocol of a new connection.

        The kernel hands over many at once, before the first of them is told that it is connected: those that
        are on their way count too.
        """
        open_now = len(self._connections) + len(self._arriving)
        metrics.CONNECTIONS.set(open_now)
        if open_now < self._limits.connections_max:
            connection = Connection(self, loop=self._loop, **self._kwargs)
            self._arriving.add(connection)
            return connection
        metrics.TURNED_AWAY.inc()
        if len(self._turned_away) < self._limits.turned_away_max:
            return _TurnedAway(self._turned_away)
        return _Dropped()

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """aiohttp counts it from now on."""
        self._arriving.discard(cast(Connection, handler))
        super().connection_made(handler, transport)


class Connection(RequestHandler):
    """One connection, whose faults are answered in the envelope, and which keeps to Retry-After.

    A client that is refused for coming too fast and does not wait costs as much as one that is served. From
    the second such refusal in a row nothing is read from its connection until the time is over; a client
    that waits does not notice.
    """

    __slots__ = ("__weakref__", "_too_fast")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._too_fast = 0

    def answers(self, retry_after_seconds: int | None) -> None:
        """An answer goes out: a refusal for the time being, or None for any other."""
        if retry_after_seconds is None:
            self._too_fast = 0
            return
        self._too_fast += 1
        if self._too_fast > 1:
            metrics.HELD.inc()
            if self.transport is not None and not self.transport.is_closing():
                self.transport.pause_reading()
                self._loop.call_later(min(retry_after_seconds, HELD_SECONDS_MAX), self._let_go)

    def _let_go(self) -> None:
        paused_by_aiohttp = self._reading_paused or self._buffer_paused
        if self.transport is not None and not self.transport.is_closing() and not paused_by_aiohttp:
            self.transport.resume_reading()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> StreamResponse:
        """Answer what is not HTTP (400) or what nobody caught (500, and logged), and close the connection."""
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer was sent") from exc
        broken = status < 500  # noqa: PLR2004
        error = invalid_parameter("The request does not follow HTTP.") if broken else internal_error()
        response = error_response(error)
        if not broken:
            log.error("unexpected error", fbtrace_id=response.headers["x-fb-trace-id"], exc_info=exc)
        response.force_close()
        return response


class _TurnedAway(asyncio.Protocol):
    """A connection too many: told so, whatever it asks, and closed."""

    def __init__(self, all_of_them: "WeakSet[_TurnedAway]") -> None:
        self._all = all_of_them
        all_of_them.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._all.discard(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        error = overloaded("Too many connections are open: try again.", RETRY_AFTER_OVERLOAD_SECONDS)
        body = error.envelope(new_trace_id())
        head = (
            "HTTP/1.1 503 Service Unavailable\r\n"
            f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
            f"Retry-After: {error.retry_after_seconds}\r\nConnection: close\r\n\r\n"
        )
        cast(asyncio.Transport, transport).write(head.encode() + body)
        # Closing at once would reset the connection under a request that is on its way.
        asyncio.get_running_loop().call_later(_TURNED_AWAY_SECONDS, transport.close)


class _Dropped(asyncio.Protocol):
    """Even more of them: closed without a word, since to say one would take descriptors that Kafka needs."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()
