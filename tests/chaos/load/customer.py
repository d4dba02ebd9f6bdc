"""Customers who come and go, write, confirm what they are shown, say STOP, and block."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

import aiohttp

from tests.chaos.load.told import Said, Shown, Told

HANDSHAKE_SECONDS_MAX = 8.0
GONE = (ConnectionError, aiohttp.ClientError)
DUTIFUL_SECONDS, DUTIFUL_AWAY_SECONDS = 4.0, 1.0
"""At the end a device is connected so long, then gone so long, at most, until all is done."""
LONG_AWAY_SECONDS = 40.0
"""Longer than the shortest time to live."""
DATED_SECONDS = 25 * 3600
"""A message that is said to be of yesterday: the reply comes late."""
START_SHARE, UNBLOCK_SHARE = 0.5, 0.5
"""Of what somebody does who has said STOP, or has blocked."""

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Temper:
    """How a customer behaves. Seconds are averages."""

    connected_seconds: float = 12.0
    away_seconds: float = 2.0
    long_away_share: float = 0.05
    writes_seconds: float = 6.0
    """Between two messages."""
    dated_share: float = 0.3
    acked_share: float = 0.95
    read_share: float = 0.8
    stop_share: float = 0.03
    block_share: float = 0.02


MOODY = Temper()
STEADY = Temper(1e6, 0.1, 0, 30.0, 0, 1, 1, 0, 0)
"""Always there, confirms and reads everything."""


class Customer:
    """One person with one device."""

    def __init__(
        self,
        number: str,
        url: str,
        token: str,
        businesses: Sequence[str],
        told: Told,
        rng: Random,
        temper: Temper = MOODY,
    ) -> None:
        """``businesses`` are phone_number_ids that the customer writes to."""
        self._temper = temper
        self._number = number
        self._url = f"{url}?token={token}"
        self._businesses = businesses
        self._told = told
        self._rng = rng
        self._unaccepted: dict[str, Frame] = {}
        self._stopped: set[str] = set()
        self._blocked: set[str] = set()
        self._dutiful = asyncio.Event()

    def be_dutiful(self) -> None:
        """Come back, confirm everything, and write nothing new: from now on, to the end."""
        self._dutiful.set()

    @property
    def has_been_heard(self) -> bool:
        """Whether everything that the customer wrote was accepted."""
        return not self._unaccepted

    async def live(self, is_over: Callable[[], bool]) -> None:
        """Connect again and again until it is over."""
        for business in self._businesses:
            self._write(business, "Hello")
        async with aiohttp.ClientSession() as session:
            while not is_over():
                try:
                    async with asyncio.timeout(HANDSHAKE_SECONDS_MAX):
                        socket = await session.ws_connect(self._url, protocols=["parley.handset.v1"])
                except (aiohttp.ClientError, TimeoutError):
                    self._told.deeds["was not let in"] += 1
                else:
                    self._told.deeds["connected"] += 1
                    await self._use(socket)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._dutiful.wait(), self._away_seconds())
                if self._dutiful.is_set():
                    await asyncio.sleep(self._rng.uniform(0, DUTIFUL_AWAY_SECONDS))

    async def _use(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        shown = Shown(self._number)
        self._told.shown.append(shown)
        reading = asyncio.create_task(self._read(socket, shown))
        writing = asyncio.create_task(self._talk(socket))
        ends: set[asyncio.Task[Any]] = {reading, writing}
        if self._dutiful.is_set():
            seconds = DUTIFUL_SECONDS
        else:
            seconds = self._rng.expovariate(1 / self._temper.connected_seconds)
            ends.add(asyncio.create_task(self._dutiful.wait()))
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()
        for outcome in await asyncio.gather(reading, writing, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, GONE):
                raise outcome
        # An abrupt end, as of a train in a tunnel.
        if (transport := socket.get_extra_info("transport")) is not None:
            transport.abort()
        await socket.close()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, shown: Shown) -> None:
        async for message in socket:
            frame = json.loads(message.data)
            match frame["type"]:
                case "message":
                    shown.message_ids.append(frame["id"])
                    self._told.shown_at.setdefault(frame["id"], time.monotonic())
                    await self._confirm(socket, frame["id"])
                case "accepted":
                    self._told.said[frame["client_id"]].accepted.add(frame["id"])
                    self._unaccepted.pop(frame["client_id"], None)
                case "error":
                    self._told.deeds[f"was told: {frame['reason']}"] += 1
                case kind:
                    self._told.deeds[f"saw {kind}"] += 1

    async def _confirm(self, socket: aiohttp.ClientWebSocketResponse, message_id: str) -> None:
        if self._dutiful.is_set() or self._rng.random() < self._temper.acked_share:
            await socket.send_json({"type": "ack", "id": message_id, "status": "delivered"})
            if self._rng.random() < self._temper.read_share:
                await socket.send_json({"type": "ack", "id": message_id, "status": "read"})

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            for frame in list(self._unaccepted.values()):
                self._told.said[frame["client_id"]].attempts += 1
                await socket.send_json(frame)
            await asyncio.sleep(self._rng.expovariate(1 / self._temper.writes_seconds))
            if not self._dutiful.is_set():
                await self._do_something(socket, self._rng.choice(self._businesses))

    async def _do_something(self, socket: aiohttp.ClientWebSocketResponse, business: str) -> None:
        chance = self._rng.random()
        if business in self._blocked and chance < UNBLOCK_SHARE:
            self._blocked.discard(business)
            await socket.send_json({"type": "unblock", "phone_number_id": business})
        elif business in self._stopped and chance < START_SHARE:
            self._stopped.discard(business)
            self._write(business, "START")
        elif chance < self._temper.block_share:
            self._blocked.add(business)
            self._told.deeds["blocked"] += 1
            await socket.send_json({"type": "block", "phone_number_id": business})
        elif chance < self._temper.block_share + self._temper.stop_share:
            self._stopped.add(business)
            self._told.deeds["said STOP"] += 1
            self._write(business, "Stop!")
        else:
            self._write(business, "Where is my order?")

    def _write(self, business: str, text: str) -> None:
        said = Said(uuid4().hex, self._number, business)
        self._told.said[said.client_id] = said
        frame: Frame = {"type": "message", "client_id": said.client_id, "to": business}
        frame["content"] = {"type": "text", "text": {"body": text}}
        if self._rng.random() < self._temper.dated_share:
            frame["timestamp"] = int(time.time()) - DATED_SECONDS
        self._unaccepted[said.client_id] = frame

    def _away_seconds(self) -> float:
        if self._rng.random() < self._temper.long_away_share:
            return LONG_AWAY_SECONDS
        return self._rng.expovariate(1 / self._temper.away_seconds)
