"""The WebSocket server: lets a customer's device in by its token, and reads what it sends."""

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web

from services.delivery.handset import metrics
from services.delivery.handset.connection import Connection, Customer
from services.delivery.handset.limits import FRAME_BYTES_MAX, HandsetLimits
from services.delivery.handset.reception import Reception
from services.delivery.handset.switchboard import Switchboard
from services.identity.customer_token import BadCustomerToken, number_of_token
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref

PATH = "/handset"
SUBPROTOCOL = "parley.handset.v1"


class HandsetServer:
    """Serves ``/handset?token=…`` in the running event loop."""

    def __init__(
        self,
        host: str,
        port: int,
        key: PlatformKey,
        switchboard: Switchboard,
        reception: Reception,
        limits: HandsetLimits,
    ) -> None:
        """Nothing is bound before ``start``."""
        self._host = host
        self._key = key
        self._switchboard = switchboard
        self._reception = reception
        self._limits = limits
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self.port = port
        """The port asked for; after ``start`` the port bound."""

    async def start(self) -> None:
        """Bind and serve. Raises ``OSError`` when the port is taken."""
        app = web.Application()
        app.router.add_get(PATH, self._connect)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, self._host, self.port)
        try:
            await self._site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Let nobody in, tell every device to come again, and close. Safe to call twice."""
        if self._site is not None and self._runner is not None:
            await self._site.stop()
            await self._switchboard.close_all()
            await self._runner.cleanup()
            self._site = self._runner = None

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        try:
            number = number_of_token(self._key, request.query.get("token", ""))
        except BadCustomerToken:
            metrics.REFUSED_HANDSHAKES.labels("token").inc()
            return web.Response(status=401, text="The token was not made by this platform.\n")
        if self._switchboard.is_full:
            metrics.REFUSED_HANDSHAKES.labels("full").inc()
            return web.Response(status=503, text="Too many customers are connected.\n")
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            heartbeat=self._limits.heartbeat_seconds,
            timeout=self._limits.close_seconds_max,
            compress=False,
            # aiohttp refuses what is as long as its limit or longer.
            max_msg_size=FRAME_BYTES_MAX + 1,
            decode_text=False,
        )
        await socket.prepare(request)
        customer = Customer(number, user_ref(self._key, number))
        await self._serve(socket, Connection(socket, request.transport, customer, self._limits))
        return socket

    async def _serve(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        self._switchboard.connect(connection)
        sending = asyncio.create_task(connection.write_frames())
        try:
            await self._read(socket, connection)
        finally:
            self._switchboard.disconnect(connection)
            metrics.CLOSED.labels(connection.ending.value[1] if connection.ending else "left").inc()
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            await connection.ended()

    async def _read(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        now = asyncio.get_running_loop().time
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._reception.take(connection, message.data, now())
            elif message.type is WSMsgType.BINARY:
                self._reception.refuse_binary(connection)
            # A device that floods must not keep the others waiting.
            await asyncio.sleep(0)
