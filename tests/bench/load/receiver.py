"""A business's endpoint: answers every webhook with 200 at once and notes when each status came."""

import asyncio
import json
import re
import sys
import time

import uvloop

from tests.bench.load.quiet import Quiet

STATUS = re.compile(rb'"statuses":\[\{"id":"([^"]+)","status":"(\w+)"')
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

seen: dict[str, dict[str, int]] = {}
quiet = Quiet()
others = 0


class Endpoint(asyncio.Protocol):
    """One connection of the webhook worker; requests come one after another."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            body, self._buffer = rest[:length], rest[length:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        global others  # noqa: PLW0603 - one process, one count
        if head.startswith(b"GET"):
            challenge = head.partition(b"hub.challenge=")[2].partition(b"&")[0].partition(b" ")[0]
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(challenge), challenge)
            )
            return
        self._transport.write(ANSWER)
        quiet.came()
        if match := STATUS.search(body):
            seen.setdefault(match[2].decode(), {})[match[1].decode()] = time.monotonic_ns()
        else:
            others += 1


async def serve() -> None:
    """Say the port, and go on until stdin is closed and nothing more comes."""
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await quiet.after_stdin()


def main() -> None:
    """Write what was seen to stdout: times (monotonic ns) by status and message id."""
    uvloop.run(serve())
    json.dump({"statuses": seen, "others": others}, sys.stdout)


if __name__ == "__main__":
    main()
