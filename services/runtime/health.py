"""The health port of a process: /metrics, /healthz, /readyz, and /state where there is state."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

START_SECONDS_MAX = 10.0
STOP_SECONDS = 1.0
"""How long an answer that is being written may still take at the end."""


class Health:
    """What a process says about itself. Any thread may write and read it."""

    def __init__(self) -> None:
        self._waits_for: str | None = "starting"

    def ready(self) -> None:
        """The process does its work."""
        self._waits_for = None

    def not_ready(self, reason: str) -> None:
        """The process cannot do its work now; ``reason`` says what it waits for."""
        self._waits_for = reason

    @property
    def waits_for(self) -> str | None:
        """Why the process is not ready; None when it is."""
        return self._waits_for


class StateAnswer(NamedTuple):
    """Answer of ``GET /state?key=…``."""

    status: int
    """200 with the row, 404 no such row, 421 the partition belongs to another replica."""
    body: dict[str, Any]


class HealthServer:
    """Serves the health port in the running event loop."""

    def __init__(
        self,
        host: str,
        port: int,
        health: Health,
        state: Callable[[bytes], StateAnswer] | None = None,
    ) -> None:
        """Nothing is bound before ``start``. ``state`` may block for a disk read; it runs in a thread."""
        self._host = host
        self._health = health
        self._state = state
        self._runner: web.AppRunner | None = None
        self.port = port
        """The port asked for; after ``start`` the port bound."""

    async def start(self) -> None:
        """Bind and serve. Raises ``OSError`` when the port is taken."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        if self._state is not None:
            app.router.add_get("/state", self._read_state)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self.port).start()
        except OSError:
            await self.stop()
            raise
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop serving; calling it twice is safe."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        waits_for = self._health.waits_for
        if waits_for is None:
            return web.Response(text="ready\n")
        return web.Response(status=503, text=f"{waits_for}\n")

    async def _read_state(self, request: web.Request) -> web.Response:
        key = request.query.get("key", "")
        if not key or self._state is None:
            return web.json_response({"error": "ask for /state?key=<row key>"}, status=400)
        answer = await asyncio.to_thread(self._state, key.encode())
        return web.json_response(answer.body, status=answer.status, dumps=_dumps)


class HealthThread:
    """The same server beside a process that has no event loop: it runs one in a thread."""

    def __init__(self, server: HealthServer) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port bound."""
        return self._server.port

    def start(self) -> None:
        """Serve until ``stop``. Raises ``OSError`` when the port is taken."""
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(self._server.start(), self._loop)
        try:
            started.result(START_SECONDS_MAX)
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """Stop serving, and wait for the thread to end."""
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(START_SECONDS_MAX)
        self._end()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS_MAX)
        self._loop.close()


def _dumps(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)
