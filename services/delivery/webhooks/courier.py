"""Brings one signed update to one endpoint: a single try, bounded in time and in bytes."""

import asyncio
from http import HTTPStatus
from typing import Protocol

from services.delivery.webhooks.connections import Connections
from services.delivery.webhooks.failures import ConnectionBroke, Redirected, StatusRefused, Unusable
from services.delivery.webhooks.http_connection import Answer
from services.delivery.webhooks.signing import signature_256
from services.delivery.webhooks.target import Target

USER_AGENT = "Parley"


class Posts(Protocol):
    """Brings updates to one endpoint."""

    async def post(self, body: bytes, traceparent: bytes | None = None) -> None:
        """Return once the endpoint has taken the update. Raises EndpointFailed or NotTried."""

    def drop_idle(self) -> None:
        """Drop connections that have not been used for a while; to be called now and then."""

    def close(self) -> None:
        """Drop idle connections; tries that are under way end by themselves."""


class NoCourier:
    """Stands where an account's settings cannot be used: each try fails, so nothing is lost meanwhile."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def post(self, body: bytes, traceparent: bytes | None = None) -> None:  # noqa: ARG002
        """Raises Unusable."""
        raise Unusable(self._reason)

    def drop_idle(self) -> None:
        """There is nothing to drop."""

    def close(self) -> None:
        """There is nothing to drop."""


class Courier:
    """Posts to one target with one app secret, over connections that it keeps."""

    def __init__(
        self, target: Target, app_secret: bytes, connections: Connections, timeout_seconds: float
    ) -> None:
        self._target = target
        self._app_secret = app_secret
        self._connections = connections
        self._timeout_seconds = timeout_seconds
        self._head = (
            f"POST {target.path} HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: {USER_AGENT}\r\n"
            "Accept: */*\r\nContent-Type: application/json\r\n"
        )

    async def post(self, body: bytes, traceparent: bytes | None = None) -> None:
        """Return once the endpoint has answered 2xx. Raises EndpointFailed or NotTried in one of its kinds.

        When a kept connection turns out to be closed, the update is sent once more on a new one.
        """
        head = (
            f"{self._head}X-Hub-Signature-256: {signature_256(self._app_secret, body)}\r\n"
            f"{_trace_line(traceparent)}Content-Length: {len(body)}\r\n\r\n"
        )
        answer = await self._exchange(head.encode("ascii") + body)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            if answer.status < HTTPStatus.BAD_REQUEST:
                raise Redirected(f"the endpoint answered {answer.status}, and redirects are not followed")
            raise StatusRefused(f"the endpoint answered {answer.status}")

    def drop_idle(self) -> None:
        """Drop connections that have not been used for a while; to be called now and then."""
        self._connections.drop_idle()

    def close(self) -> None:
        """Drop idle connections; tries that are under way end by themselves."""
        self._connections.close()

    async def _exchange(self, request: bytes) -> Answer:
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        connection = self._connections.idle()
        if connection is not None:
            try:
                answer = await connection.exchange(request, deadline)
            except ConnectionBroke:
                if connection.heard:
                    raise
            else:
                self._connections.keep(connection)
                return answer
        connection = await self._connections.open(deadline)
        answer = await connection.exchange(request, deadline)
        self._connections.keep(connection)
        return answer


def _trace_line(traceparent: bytes | None) -> str:
    """Nothing that could end the line goes into a header."""
    if not traceparent or not traceparent.replace(b"-", b"").isalnum():
        return ""
    return f"traceparent: {traceparent.decode('ascii')}\r\n"
