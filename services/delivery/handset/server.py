"""The WebSocket server: lets a customer's device in by its token, and reads what it sends."""

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, hdrs, web

from services.delivery.handset import metrics
from services.delivery.handset.connection import Connection, Customer
from services.delivery.handset.door import Door
from services.delivery.handset.limits import FRAME_BYTES_MAX, HandsetLimits
from services.delivery.handset.reception import Reception
from services.delivery.handset.switchboard import Switchboard
from services.identity.customer_token import BadCustomerToken, number_of_token
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref

PATH = "/handset"
SUBPROTOCOL = "parley.handset.v1"
BACKLOG = 128
"""Sockets that the system holds until they are taken to the door: fewer than may stand there."""


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
        self._door: Door | None = None
        self._listening: asyncio.Server | None = None
        self.port = port
        """The port asked for; after ``start`` the port bound."""

    async def start(self) -> None:
        """Bind and serve. Raises ``OSError`` when the port is taken."""
        self._door = door = Door(lambda request: self._answer(door, request), self._limits)
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(door, self._host, self.port, backlog=BACKLOG)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Let nobody in, tell every device to come again, and close. Safe to call twice."""
        if self._listening is not None and self._door is not None:
            self._listening.close()
            await self._switchboard.close_all()
            self._door.pre_shutdown()
            await self._door.shutdown(self._limits.drain_seconds_max)
            self._listening = self._door = None

    async def _answer(self, door: Door, request: web.BaseRequest) -> web.StreamResponse:
        """A socket gets one answer: its device is let in, or it is refused and closed."""
        try:
            return await self._let_in(door, request)
        except web.HTTPException as refusal:
            refusal.force_close()
            raise

    async def _let_in(self, door: Door, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != PATH:
            raise web.HTTPNotFound(text=f"Devices connect to {PATH}.\n")
        if request.method != hdrs.METH_GET:
            raise web.HTTPMethodNotAllowed(request.method, [hdrs.METH_GET])
        try:
            number = number_of_token(self._key, request.query.get("token", ""))
        except BadCustomerToken:
            metrics.REFUSED_HANDSHAKES.labels("token").inc()
            raise web.HTTPUnauthorized(text="The token was not made by this platform.\n") from None
        if door.is_full:
            metrics.REFUSED_HANDSHAKES.labels("full").inc()
            raise web.HTTPServiceUnavailable(text="Too many customers are connected.\n")
        door.let_in(request.protocol)
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            heartbeat=self._limits.heartbeat_seconds,
            timeout=self._limits.close_seconds_max,
            compress=False,
            # aiohttp refuses what is as long as its limit or longer.
            max_msg_size=FRAME_BYTES_MAX + 1,
            decode_text=False,
        )
        customer = Customer(number, user_ref(self._key, number))
        await socket.prepare(request)
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
            connection.let_go()

    async def _read(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        now = asyncio.get_running_loop().time
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._reception.take(connection, message.data, now())
            elif message.type is WSMsgType.BINARY:
                self._reception.refuse_binary(connection, now())
            # A device that floods must not keep the others waiting.
            await asyncio.sleep(0)
