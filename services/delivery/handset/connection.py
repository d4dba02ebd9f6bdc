"""One customer's device on one WebSocket: what waits to be sent to it, and how it is let go."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum
from secrets import token_hex
from typing import NamedTuple

from aiohttp import WSCloseCode, web

from services.delivery.handset.frame_rate import FrameRate
from services.delivery.handset.limits import HandsetLimits
from services.delivery.handset.showing import Showing

REPLACED_CODE = 4000
_NAME_BYTES = 8


class Customer(NamedTuple):
    """Whose device it is."""

    number: str
    """Canonical."""
    user_ref: str


class Ending(Enum):
    """Why the platform ends a connection: the close code, and the reason as metrics and the device see it."""

    REPLACED = (REPLACED_CODE, "replaced")
    SLOW = (WSCloseCode.TRY_AGAIN_LATER, "slow")
    STOPPING = (WSCloseCode.GOING_AWAY, "stopping")


WhenSent = Callable[[], Awaitable[None]]


class _Unsent(NamedTuple):
    frame: str
    when_sent: WhenSent | None


class Connection:
    """Frames go out one by one, in the order of ``send``."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        customer: Customer,
        limits: HandsetLimits,
    ) -> None:
        """``socket`` is prepared on ``transport``. To be made in the running event loop."""
        self.customer = customer
        self.name = token_hex(_NAME_BYTES)
        """Tells this connection from every other."""
        self.rate = FrameRate(
            limits.frames_per_second, limits.frames_burst, asyncio.get_running_loop().time()
        )
        self.showing = Showing(self.name, {})
        self.ending: Ending | None = None
        """Why the platform ends it; None while it does not."""
        self._socket = socket
        self._transport = transport
        self._limits = limits
        self._unsent: deque[_Unsent] = deque()
        self._unsent_bytes = 0
        self._something_unsent = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._closing: asyncio.Task[None] | None = None

    @property
    def has_room(self) -> bool:
        """Whether a message may be queued. Half of the queue is kept for answers."""
        return (
            2 * len(self._unsent) < self._limits.unsent_frames_max
            and 2 * self._unsent_bytes < self._limits.unsent_bytes_max
        )

    def send(self, frame: str, when_sent: WhenSent | None = None) -> None:
        """Queue a frame; ``when_sent`` is awaited once the socket has it.

        A device that asks and asks and does not read the answers is let go when its queue is full. What is
        sent on a connection that ends is dropped.
        """
        if self.ending:
            return
        if (
            len(self._unsent) >= self._limits.unsent_frames_max
            or self._unsent_bytes >= self._limits.unsent_bytes_max
        ):
            self.end(Ending.SLOW)
            return
        self._unsent.append(_Unsent(frame, when_sent))
        self._unsent_bytes += len(frame)
        self._something_unsent.set()
        self._all_sent.clear()

    async def all_sent(self) -> None:
        """Return once the socket has all that was queued."""
        await self._all_sent.wait()

    async def write_frames(self) -> None:
        """Send what is queued until cancelled. Returns when the device is gone."""
        with suppress(ConnectionError):
            while True:
                await self._something_unsent.wait()
                while self._unsent:
                    frame, when_sent = self._unsent.popleft()
                    self._unsent_bytes -= len(frame)
                    await self._socket.send_str(frame)
                    if when_sent is not None:
                        await when_sent()
                self._something_unsent.clear()
                self._all_sent.set()

    def end(self, ending: Ending) -> None:
        """Drop what is queued and close, in a task; the first call counts."""
        if self.ending is None:
            self.ending = ending
            self._unsent.clear()
            self._closing = asyncio.create_task(self._close(*ending.value))

    async def ended(self) -> None:
        """Return once a closing that began is over."""
        if self._closing is not None:
            await self._closing

    def let_go(self) -> None:
        """It is over: in a while the socket is closed, even if the device never reads the rest."""
        if self._transport is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self._limits.close_seconds_max, self._transport.abort)

    async def _close(self, code: int, reason: str) -> None:
        """A device that does not close in turn is cut off."""
        try:
            async with asyncio.timeout(self._limits.close_seconds_max):
                await self._socket.close(code=code, message=reason.encode())
        except (TimeoutError, ConnectionError):
            if self._transport is not None:
                self._transport.abort()
