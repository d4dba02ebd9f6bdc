"""TCP proxies on loopback that can be cut, held up and slowed down while connections run through them."""

import asyncio
import threading
from collections import deque
from types import TracebackType
from typing import Self, cast

import uvloop

from deploy.kafka.ports import HOST

START_SECONDS_MAX = 10.0
LATE_MAX = 256
"""Chunks of one direction that are held up; then no more is read."""

TIMER_SECONDS = 0.001


class Proxies:
    """An event loop in a thread of its own, and the proxies that run in it."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._proxies: list[Proxy] = []

    def open(self, port: int) -> "Proxy":
        """Listen on a port. Raises ``OSError`` when it is taken."""
        proxy = Proxy(self._loop, port)
        asyncio.run_coroutine_threadsafe(proxy.listen(), self._loop).result(START_SECONDS_MAX)
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

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self.port = port
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._openings: set[asyncio.Task[object]] = set()
        self.upstream_port = 0
        """To be set before the first connection."""
        self.sides: set[Side] = set()
        """Of all connections; of the proxy's loop alone, as is what follows."""
        self.is_open = True
        self.is_flowing = True
        self.delay_seconds = 0.0
        self.disturbed = 0
        """Connections that have met a fault."""

    @property
    def is_well(self) -> bool:
        """Whether all is forwarded as usual."""
        return self.is_open and self.is_flowing and not self.delay_seconds

    async def listen(self) -> None:
        """Called in the loop of the proxies."""
        self._server = await self._loop.create_server(lambda: Near(self), HOST, self.port)

    async def close(self) -> None:
        """Called in the loop of the proxies."""
        assert self._server is not None
        self._server.close()
        self._set(False, True, 0.0)

    def cut(self) -> None:
        """Break every connection, and every new one, until `heal`."""
        self._change(False, True, 0.0)

    def hold_up(self) -> None:
        """Let no byte pass until `heal`; connections stay open, as behind a firewall that forgot them."""
        self._change(True, False, 0.0)

    def slow_down(self, seconds: float) -> None:
        """Let whatever arrives wait for so long, until `heal`."""
        self._change(True, True, seconds)

    def heal(self) -> None:
        """Forward as usual."""
        self._change(True, True, 0.0)

    def connect(self, near: "Near") -> None:
        """Open the far side of a connection."""
        opening = self._loop.create_task(
            self._loop.create_connection(lambda: Far(self, near), HOST, self.upstream_port)
        )
        self._openings.add(opening)
        opening.add_done_callback(self._openings.discard)
        opening.add_done_callback(lambda done: near.abort() if done.exception() else None)

    def _change(self, is_open: bool, is_flowing: bool, delay_seconds: float) -> None:
        done = threading.Event()

        def change() -> None:
            self._set(is_open, is_flowing, delay_seconds)
            done.set()

        self._loop.call_soon_threadsafe(change)
        done.wait(START_SECONDS_MAX)

    def _set(self, is_open: bool, is_flowing: bool, delay_seconds: float) -> None:
        self.is_open, self.is_flowing, self.delay_seconds = is_open, is_flowing, delay_seconds
        if not self.is_well:
            self.disturbed += sum(isinstance(side, Near) for side in self.sides)
        for side in tuple(self.sides):
            if is_open:
                side.pass_on()
            else:
                side.abort()


class Side(asyncio.Protocol):
    """One of the two sockets of a connection: what it receives goes to the other."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._transport: asyncio.Transport | None = None
        self._late: deque[tuple[float, bytes]] = deque()
        self.other: Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._proxy.sides.add(self)

    def data_received(self, data: bytes) -> None:
        proxy, other = self._proxy, self.other
        if proxy.is_flowing and not proxy.delay_seconds and not self._late and other is not None:
            other.write(data)
            return
        loop = asyncio.get_running_loop()
        self._late.append((loop.time() + proxy.delay_seconds, data))
        if len(self._late) >= LATE_MAX:
            self.read_on(False)
        loop.call_later(proxy.delay_seconds, self.pass_on)

    def pass_on(self) -> None:
        """Give on what has waited long enough."""
        loop = asyncio.get_running_loop()
        while self._late and self._proxy.is_flowing and self.other is not None:
            early_seconds = self._late[0][0] - loop.time()
            if self._proxy.delay_seconds and early_seconds > 0:
                # Timers of uvloop count whole milliseconds, and so may come a little early.
                loop.call_later(max(early_seconds, TIMER_SECONDS), self.pass_on)
                return
            self.other.write(self._late.popleft()[1])
        if not self._late:
            self.read_on(True)

    def write(self, data: bytes) -> None:
        """Send to whoever is at this side, if it is still there."""
        if (transport := self._live) is not None:
            transport.write(data)

    def read_on(self, wanted: bool) -> None:
        """Go on reading, or leave off."""
        if (transport := self._live) is not None:
            (transport.resume_reading if wanted else transport.pause_reading)()

    def abort(self) -> None:
        """Break the connection."""
        if (transport := self._live) is not None:
            transport.abort()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.read_on(False)

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.read_on(True)

    @property
    def _live(self) -> asyncio.Transport | None:
        transport = self._transport
        return None if transport is None or transport.is_closing() else transport

    def connection_lost(self, _: Exception | None) -> None:
        self._proxy.sides.discard(self)
        if self.other is not None:
            self.other.abort()


class Near(Side):
    """The side of whoever connects."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._proxy.disturbed += not self._proxy.is_well
        if self._proxy.is_open:
            self._proxy.connect(self)
        else:
            self.abort()


class Far(Side):
    """The side of the upstream port."""

    def __init__(self, proxy: Proxy, near: Near) -> None:
        super().__init__(proxy)
        self._near = near

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._near not in self._proxy.sides:  # it did not wait
            self.abort()
            return
        self.other, self._near.other = self._near, self
        self._near.pass_on()
