"""All endpoints share the process's sockets: those that hang leave some for those that do not."""

import asyncio

import pytest

from services.delivery.webhooks.address_guard import guard
from services.delivery.webhooks.circuit import Circuit, CircuitLimits
from services.delivery.webhooks.connections import Connections
from services.delivery.webhooks.courier import Courier
from services.delivery.webhooks.deferral import Deferral
from services.delivery.webhooks.endpoint import Endpoint, EndpointLimits
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.http_connection import tls_context
from services.delivery.webhooks.pace import AT_ONCE_FIRST, SLOW_SECONDS, Pace
from services.delivery.webhooks.resolver import Resolve
from services.delivery.webhooks.sockets import SHARE, Sockets
from services.delivery.webhooks.target import parse_target
from services.delivery.webhooks.tiers import RetrySchedule
from tests.unit.webhooks.endpoint_rig import OK, Post, says, told_endpoint
from tests.unit.webhooks.tiers_rig import START_MS, TierTopics, until

HANGING = 60
EACH = 100


class Connection:
    """Stands for a connection."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


async def loopback(_: str, __: int) -> list[str]:
    return ["127.0.0.1"]


def endpoint_at(
    port: int, sockets: Sockets, topics: TierTopics, circuit: Circuit, resolve: Resolve = loopback
) -> Endpoint:
    target = parse_target(f"http://shop.test:{port}/", allow_http=True)
    connections = Connections(target, resolve, tls_context(), guard(allow_private=True), sockets)
    deferral = Deferral(topics, RetrySchedule(), lambda: START_MS)
    return Endpoint(
        Courier(target, b"secret", connections, 10), circuit, EndpointLimits(), deferral, lambda: START_MS
    )


def offer(endpoint: Endpoint, settled: list[int]) -> None:
    for number in range(EACH):
        endpoint.offer(Errand("1", b"%d" % number, "wamid.1", b"{}", lambda: settled.append(1)))


async def test_many_endpoints_that_hang_delay_no_other() -> None:
    """Together they want twice as many sockets as there are, and have them first."""

    async def never(_: Post, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    sockets, topics, circuit = (
        Sockets(HANGING * AT_ONCE_FIRST // 2, SHARE),
        TierTopics(),
        Circuit(CircuitLimits()),
    )
    async with told_endpoint(never) as dead, told_endpoint(says(OK)) as well:
        hanging = [endpoint_at(dead.port, sockets, topics, Circuit(CircuitLimits())) for _ in range(HANGING)]
        for endpoint in hanging:
            offer(endpoint, [])
        await until(lambda: len(dead.posts) > 2 * HANGING)
        healthy, settled = endpoint_at(well.port, sockets, topics, circuit), list[int]()
        offer(healthy, settled)
        await until(lambda: len(settled) == EACH, seconds=9)  # before the others have timed out
        assert len(well.posts) == EACH
        assert not topics.deferred, "nothing was put off"
        assert circuit.is_closed
        await asyncio.gather(*(endpoint.stop(0) for endpoint in (healthy, *hanging)))


async def test_want_of_a_socket_is_waited_out_and_nothing_climbs() -> None:
    sockets, topics, circuit = Sockets(1), TierTopics(), Circuit(CircuitLimits(failures_max=1))
    async with told_endpoint(says(OK)) as well:
        assert sockets.take(0), "somebody has the only one"
        endpoint, settled = endpoint_at(well.port, sockets, topics, circuit), list[int]()
        offer(endpoint, settled)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not settled
        sockets.give_back()
        await until(lambda: len(settled) == EACH)
        await endpoint.stop(0)
    assert not topics.deferred
    assert circuit.is_closed


@pytest.mark.parametrize(("in_use", "most"), [(0, 100), (1_000, 94), (3_000, 34), (4_000, 3), (4_095, 1)])
def test_the_more_are_in_use_the_less_each_one_gets(in_use: int, most: int) -> None:
    sockets = Sockets(4_096, 1 / 32)
    for _ in range(in_use):
        assert sockets.take(0)
    held = 0
    while held < 100 and sockets.take(held):
        held += 1
    assert held == most


def test_the_one_that_is_idle_for_longest_makes_room() -> None:
    sockets, idle = Sockets(3), [Connection() for _ in range(3)]
    for _ in idle:
        assert sockets.take(0)
    for connection in idle:
        sockets.rest(connection)
    assert sockets.wake(idle[0], 0)
    assert sockets.take(1)
    assert [connection.closed for connection in idle] == [False, True, False]
    assert sockets.forget(idle[1]), "it makes room once"
    assert sockets.forget(idle[2])
    assert sockets.take(0)
    assert not sockets.take(0)


def test_an_endpoint_that_lets_tries_hang_gets_fewer() -> None:
    pace = Pace(100)
    for _ in range(200):
        pace.took()
    assert pace.at_once == 100
    for expected in (50, 25, 12, 6, 3, 1, 1):
        pace.failed(SLOW_SECONDS)
        assert pace.at_once == expected
    pace.took()
    pace.failed(0.01)
    assert pace.at_once == 2, "who refuses quickly holds nothing"
    assert Pace(2).at_once == 2
