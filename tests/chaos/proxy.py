"""TCP proxies on loopback that can be cut, held up and slowed down while connections run through them."""

import asyncio
import threading
from types import TracebackType
from typing import Self

import uvloop

from deploy.kafka.ports import HOST

CHUNK_BYTES = 256 * 1024
START_SECONDS_MAX = 10.0


class Proxies:
    """An event loop in a thread of its own, and the proxies that run in it."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._proxies: list[Proxy] = []

    def open(self, port: int) -> "Proxy":
        """Listen on a port. Raises ``OSError`` when it is taken."""
        proxy = Proxy(self._loop)
        asyncio.run_coroutine_threadsafe(proxy.listen(port), self._loop).result(START_SECONDS_MAX)
        self._proxies.append(proxy)
        return proxy

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for proxy in self._proxies:
            asyncio.run_coroutine_threadsafe(proxy.close(), self._loop).result(START_SECONDS_MAX)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Proxy:
    """Forwards each connection to a port on loopback. Faults may be set from any thread, at any time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open = True
        self._delay_seconds = 0.0
        self.upstream_port = 0
        """To be set before the first connection."""

    async def listen(self, port: int) -> None:
        """Called in the loop of the proxies."""
        self._server = await asyncio.start_server(self._serve, HOST, port, limit=CHUNK_BYTES)

    async def close(self) -> None:
        """Called in the loop of the proxies."""
        assert self._server is not None
        self._server.close()
        self._abort_all()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection, and every new one, until `heal`."""
        self._loop.call_soon_threadsafe(self._set, False, True, 0.0)

    def hold_up(self) -> None:
        """Let no byte pass until `heal`; connections stay open, as behind a firewall that forgot them."""
        self._loop.call_soon_threadsafe(self._set, True, False, 0.0)

    def slow_down(self, seconds: float) -> None:
        """Let whatever arrives wait for so long, until `heal`."""
        self._loop.call_soon_threadsafe(self._set, True, True, seconds)

    def heal(self) -> None:
        """Forward as usual."""
        self._loop.call_soon_threadsafe(self._set, True, True, 0.0)

    def _set(self, is_open: bool, is_flowing: bool, delay_seconds: float) -> None:
        self._open, self._delay_seconds = is_open, delay_seconds
        if is_flowing:
            self._flowing.set()
        else:
            self._flowing.clear()
        if not is_open:
            self._abort_all()

    def _abort_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._open:
                far_reader, far_writer = await asyncio.open_connection(
                    HOST, self.upstream_port, limit=CHUNK_BYTES
                )
                self._writers.add(far_writer)
                try:
                    await self._both_ways(reader, writer, far_reader, far_writer)
                finally:
                    self._writers.discard(far_writer)
                    far_writer.transport.abort()
        except OSError:
            return  # Either side is gone; so is the connection.
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        pumps = [
            asyncio.ensure_future(self._pump(source, target))
            for source, target in ((reader, far_writer), (far_reader, writer))
        ]
        self._pumps.update(pumps)
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._pumps.difference_update(pumps)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK_BYTES):
            if self._delay_seconds:
                await asyncio.sleep(self._delay_seconds)
            await self._flowing.wait()
            target.write(data)
            await target.drain()
