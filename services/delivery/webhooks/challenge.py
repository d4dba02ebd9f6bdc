"""The proof that a webhook URL belongs to who names it: the Cloud API's GET with a challenge."""

import asyncio
from http import HTTPStatus
from secrets import randbelow
from urllib.parse import urlencode

from services.delivery.webhooks.address_guard import guard
from services.delivery.webhooks.connections import Connections
from services.delivery.webhooks.courier import USER_AGENT
from services.delivery.webhooks.failures import EndpointFailed, NotTried
from services.delivery.webhooks.http_connection import Answer, tls_context
from services.delivery.webhooks.resolver import Resolve, ThreadedResolver
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.target import BadUrl, Target, parse_target

TIMEOUT_SECONDS = 10.0
BODY_BYTES = 64


class NotVerified(Exception):
    """The endpoint did not prove itself; one sentence that may be shown."""


async def verify_endpoint(
    url: str,
    verify_token: str,
    allow_private: bool,
    *,
    resolve: Resolve | None = None,
    ca_file: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Ask `url` for the challenge. Returns when it came back in a 200; raises NotVerified.

    Addresses are checked as those of webhooks are, and redirects are not followed.
    """
    resolver = ThreadedResolver()
    try:
        target = parse_target(url, allow_http=allow_private)
        permits = guard(allow_private=allow_private)
        connections = Connections(target, resolve or resolver, tls_context(ca_file), permits, Sockets(1))
        challenge = str(10**9 + randbelow(9 * 10**9))
        answer = await _ask(target, connections, challenge, verify_token, timeout_seconds)
    except (BadUrl, EndpointFailed, NotTried) as error:
        raise NotVerified(f"{url} is not verified: {error}") from None
    finally:
        resolver.close()
    if answer.status != HTTPStatus.OK:
        raise NotVerified(f"{url} is not verified: it answered {answer.status} to the challenge, not 200")
    if answer.body.strip() != challenge.encode():
        raise NotVerified(f"{url} is not verified: its answer is not the value of hub.challenge")


async def _ask(
    target: Target, connections: Connections, challenge: str, verify_token: str, timeout_seconds: float
) -> Answer:
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token})
    request = (
        f"GET {target.path}{'&' if '?' in target.path else '?'}{query} HTTP/1.1\r\n"
        f"Host: {target.authority}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    deadline = asyncio.get_running_loop().time() + timeout_seconds
    connection = await connections.open(deadline)
    try:
        return await connection.exchange(request.encode("ascii"), deadline, BODY_BYTES)
    finally:
        connection.close()
