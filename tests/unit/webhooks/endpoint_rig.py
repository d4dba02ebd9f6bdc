"""An endpoint that answers as it is told, byte by byte, on a loopback socket."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@dataclass
class Post:
    """One request as it came."""

    request_line: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Counts the connections from 1."""


Answer = Callable[[Post, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def says(answer: bytes) -> Answer:
    """Answers every request with these bytes."""

    async def say(_: Post, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return say


@dataclass
class ToldEndpoint:
    """What the endpoint saw, and how it answers from now on."""

    answer: Answer
    port: int = 0
    posts: list[Post] = field(default_factory=list)
    connections: int = 0
    stop: Callable[[], None] = lambda: None
    """Listens no more; open connections stay."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_for(self, number: int, seconds: float = 10) -> list[Post]:
        """Return once so many requests have come."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.posts) >= number)
        return self.posts

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers.get("Content-Length", "0")))
                post = Post(head[0], headers, body, connection)
                async with self._changed:
                    self.posts.append(post)
                    self._changed.notify_all()
                await self.answer(post, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def told_endpoint(
    answer: Answer, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ToldEndpoint]:
    """An endpoint on a loopback address; port 0 chooses a free one."""
    endpoint = ToldEndpoint(answer)
    serving: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.ensure_future(endpoint.serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(serve, host, port, ssl=tls)
    endpoint.stop = server.close
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()
        while serving:  # those whose connection came at the very end included
            for task in tuple(serving):
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
        for writer in writers:
            # One that is closed, but has something left to write, would stay open until that is taken.
            writer.transport.abort()
        await asyncio.sleep(0)
