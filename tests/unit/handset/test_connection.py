"""What waits to be sent to a device, and how a device is let go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest
from aiohttp import web

from services.delivery.handset.connection import Connection, Customer, Ending
from services.delivery.handset.limits import HandsetLimits

LIMITS = HandsetLimits(unsent_frames_max=4, unsent_bytes_max=100, close_seconds_max=0.01)


class Socket:
    """Takes frames while ``reads`` is set; ``fails`` is raised instead."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.closed_with: list[tuple[int, bytes]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.fails: Exception | None = None
        self.closes = True

    async def send_str(self, frame: str) -> None:
        if self.fails:
            raise self.fails
        await self.reads.wait()
        self.frames.append(frame)

    async def close(self, *, code: int, message: bytes) -> bool:
        self.closed_with.append((code, message))
        while not self.closes:
            await asyncio.sleep(1)
        return True


class Transport:
    def __init__(self) -> None:
        self.was_aborted = asyncio.Event()

    @property
    def aborted(self) -> bool:
        return self.was_aborted.is_set()

    def abort(self) -> None:
        self.was_aborted.set()


@pytest.fixture
def socket() -> Socket:
    return Socket()


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
async def connection(socket: Socket, transport: Transport) -> AsyncIterator[Connection]:
    made = Connection(
        cast(web.WebSocketResponse, socket),
        cast(asyncio.Transport, transport),
        Customer("16505551234", "u1_a"),
        LIMITS,
    )
    writing = asyncio.create_task(made.write_frames())
    yield made
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await made.ended()


def recorder(into: list[Any], what: Any) -> Callable[[], Awaitable[None]]:
    async def record() -> None:
        into.append(what)

    return record


async def test_frames_go_out_in_order_and_each_is_confirmed_once_the_socket_has_it(
    connection: Connection, socket: Socket
) -> None:
    confirmed: list[str] = []
    socket.reads.clear()
    connection.send("a", recorder(confirmed, "a"))
    connection.send("b")
    connection.send("c", recorder(confirmed, "c"))
    await asyncio.sleep(0)
    assert (socket.frames, confirmed) == ([], [])
    socket.reads.set()
    async with asyncio.timeout(5):
        await connection.all_sent()
    assert (socket.frames, confirmed) == (["a", "b", "c"], ["a", "c"])


@pytest.mark.parametrize(("frame", "messages"), [("x", 2), ("x" * 30, 2), ("x" * 60, 1)])
async def test_messages_take_half_of_the_queue(
    connection: Connection, socket: Socket, frame: str, messages: int
) -> None:
    socket.reads.clear()
    for _ in range(messages):
        assert connection.has_room
        connection.send(frame)
    assert not connection.has_room
    assert connection.ending is None


@pytest.mark.parametrize(("frame", "frames"), [("x", 4), ("x" * 60, 2)])
async def test_a_device_that_asks_and_does_not_read_is_let_go(
    connection: Connection, socket: Socket, frame: str, frames: int
) -> None:
    for _ in range(frames):
        connection.send(frame)
    assert connection.ending is None
    connection.send(frame)
    assert connection.ending is Ending.SLOW
    await connection.ended()
    assert socket.closed_with == [(1013, b"slow")]
    assert socket.frames == []


async def test_the_first_reason_counts_and_nothing_is_sent_after_it(
    connection: Connection, socket: Socket
) -> None:
    connection.end(Ending.REPLACED)
    connection.end(Ending.STOPPING)
    connection.send("late")
    await connection.ended()
    assert socket.closed_with == [(4000, b"replaced")]
    assert socket.frames == []


async def test_a_device_that_does_not_close_in_turn_is_cut_off(
    connection: Connection, socket: Socket, transport: Transport
) -> None:
    socket.closes = False
    connection.end(Ending.SLOW)
    await connection.ended()
    assert transport.aborted


async def test_a_socket_is_closed_even_if_the_device_never_reads_the_rest(
    connection: Connection, transport: Transport
) -> None:
    connection.let_go()
    assert not transport.aborted
    async with asyncio.timeout(5):
        await transport.was_aborted.wait()


async def test_a_device_that_is_gone_ends_the_writing(socket: Socket, transport: Transport) -> None:
    connection = Connection(
        cast(web.WebSocketResponse, socket), None, Customer("16505551234", "u1_a"), LIMITS
    )
    socket.fails = ConnectionResetError("gone")
    connection.send("a")
    async with asyncio.timeout(5):
        await connection.write_frames()
