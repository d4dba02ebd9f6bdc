"""Who may go in, who may stand at the door, and who is turned away."""

import asyncio
from typing import cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from services.delivery.handset.door import TURNED_AWAY_MAX, Door
from services.delivery.handset.limits import HandsetLimits


class Transport:
    """A socket's."""

    def __init__(self) -> None:
        self.written = b""
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        """A while after the answer."""

    def abort(self) -> None:
        self.aborted = True


async def refuse(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=404)


def door(connections_max: int = 1, handshakes_max: int = 1) -> Door:
    return Door(refuse, HandsetLimits(connections_max=connections_max, handshakes_max=handshakes_max))


def comes(to: Door) -> RequestHandler | None:
    """A socket comes; None when it is turned away."""
    protocol = to()
    if not isinstance(protocol, RequestHandler):
        return None
    to.connection_made(protocol, cast(asyncio.Transport, Transport()))
    return protocol


async def test_who_went_in_counts_until_the_socket_is_closed() -> None:
    house = door(connections_max=2, handshakes_max=8)
    first, second = comes(house), comes(house)
    assert first is not None
    assert second is not None
    house.let_in(first)
    assert not house.is_full
    house.let_in(second)
    assert house.is_full
    house.connection_lost(first)
    assert not house.is_full


async def test_who_left_before_going_in_does_not_count() -> None:
    house = door()
    gone = comes(house)
    assert gone is not None
    house.connection_lost(gone)
    house.let_in(gone)
    assert not house.is_full


async def test_the_door_has_room_again_when_somebody_goes_in_or_away() -> None:
    house = door(handshakes_max=2)
    first, second = comes(house), comes(house)
    assert first is not None
    assert second is not None
    assert comes(house) is None
    house.let_in(first)
    assert comes(house) is not None
    assert comes(house) is None
    house.connection_lost(second)
    assert comes(house) is not None


async def test_few_of_those_turned_away_may_read_why_and_the_rest_is_cut_off() -> None:
    house = door(handshakes_max=0)
    transports = [Transport() for _ in range(TURNED_AWAY_MAX + 1)]
    protocols = [house() for _ in transports]
    for protocol, transport in zip(protocols, transports, strict=True):
        protocol.connection_made(cast(asyncio.Transport, transport))
    assert all(each.written.startswith(b"HTTP/1.1 503 ") for each in transports[:-1])
    assert (transports[-1].written, transports[-1].aborted) == (b"", True)
    for protocol in protocols[:2]:
        protocol.connection_lost(None)
    late = Transport()
    house().connection_made(cast(asyncio.Transport, late))
    assert late.written
