"""Businesses that send at a steady rate over keep-alive connections, each waiting for its answer."""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

import uvloop

CONNECTIONS = 64
"""Requests under way at most: a platform that is slower than the rate shows as a schedule that slips."""
TEXT_PREFIX = "bench-"


@dataclass
class Sent:
    """What became of the requests."""

    accepted: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Message id and time of the 200 (monotonic ns), by number of the request."""
    refused: dict[int, int] = field(default_factory=dict)
    """How often each other HTTP status came."""
    seconds: float = 0.0
    """From the first request to the last answer."""


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection that carries one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or self._answer is None:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._buffer = b""
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError())

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None


async def send(plan: dict[str, Any]) -> Sent:
    """Send ``rate`` messages a second for ``seconds``, in turn over accounts and customers."""
    loop = asyncio.get_running_loop()
    sent = Sent()
    numbers = count()
    total = int(plan["rate"] * plan["seconds"])
    begin = time.monotonic()

    async def work() -> None:
        _, connection = await loop.create_connection(Connection, plan["host"], plan["port"])
        while (number := next(numbers)) < total:
            due = begin + number / plan["rate"]
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            status, body = await connection.ask(_request(plan, number))
            if status == 200:
                sent.accepted[number] = json.loads(body)["messages"][0]["id"], time.monotonic_ns()
            else:
                sent.refused[status] = sent.refused.get(status, 0) + 1

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    sent.seconds = time.monotonic() - begin
    return sent


def _request(plan: dict[str, Any], number: int) -> bytes:
    account = plan["accounts"][number % len(plan["accounts"])]
    customer = plan["customers"][number // len(plan["accounts"]) % len(plan["customers"])]
    body = (
        f'{{"messaging_product":"whatsapp","to":"{customer}","type":"text",'
        f'"text":{{"body":"{TEXT_PREFIX}{plan["run"]}-{number}"}}}}'
    )
    return (
        f"POST /v23.0/{account['phone_number_id']}/messages HTTP/1.1\r\nHost: {plan['host']}\r\n"
        f"Authorization: Bearer {account['access_token']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def main() -> None:
    """Read a plan from stdin, send, and write what became of it to stdout; both JSON."""
    sent = uvloop.run(send(json.load(sys.stdin)))
    json.dump(asdict(sent), sys.stdout)


if __name__ == "__main__":
    main()
