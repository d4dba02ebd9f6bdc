"""A courier with resolver and limits of the test's own, and endpoints that behave badly."""

import asyncio

from services.delivery.webhooks.address_guard import Permits, guard
from services.delivery.webhooks.connections import Connections
from services.delivery.webhooks.courier import Courier
from services.delivery.webhooks.http_connection import tls_context
from services.delivery.webhooks.resolver import Resolve
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.target import parse_target
from tests.unit.webhooks.endpoint_rig import Answer, Post, says

SECRET = b"app secret"
ANYWHERE = guard(allow_private=True)
BODY = '{"text":"Grüße"}'.encode()


def answers(*rounds: list[str]) -> Resolve:
    """A resolver that gives another answer each time; the last one stays."""
    left = list(rounds)

    async def resolve(_: str, __: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def courier(
    port: int,
    *,
    permits: Permits = ANYWHERE,
    host: str = "shop.test",
    resolve: Resolve | None = None,
    timeout_seconds: float = 5,
    sockets: Sockets | None = None,
    addresses_kept_seconds: float = 30,
) -> Courier:
    """One that posts to a port of ours under a name that ``resolve`` knows."""
    target = parse_target(f"http://{host}:{port}/hook?x=1", allow_http=True)
    connections = Connections(
        target,
        resolve or answers(["127.0.0.1"]),
        tls_context(),
        permits,
        sockets or Sockets(100),
        addresses_kept_seconds,
    )
    return Courier(target, SECRET, connections, timeout_seconds)


async def closing(_: Post, writer: asyncio.StreamWriter) -> None:
    """Answers, and closes the connection without saying so."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


async def endless_body(_: Post, writer: asyncio.StreamWriter) -> None:
    """Answers with a body that goes on and on."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def silent(_: Post, writer: asyncio.StreamWriter) -> None:
    """Takes the request, and never answers."""
    await asyncio.Event().wait()


def status(line: str, *more: str) -> Answer:
    """Answers with this status and these headers."""
    return says("\r\n".join([f"HTTP/1.1 {line}", *more, "Content-Length: 0", "", ""]).encode())
