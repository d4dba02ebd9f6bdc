"""Names that nobody answers for hold threads; those of others are looked up all the same."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.delivery.webhooks.circuit import Circuit, CircuitLimits
from services.delivery.webhooks.failures import NoLookupLeft
from services.delivery.webhooks.resolver import ThreadedResolver
from services.delivery.webhooks.sockets import Sockets
from tests.unit.webhooks.endpoint_rig import OK, says, told_endpoint
from tests.unit.webhooks.test_sockets import endpoint_at, offer
from tests.unit.webhooks.tiers_rig import TierTopics, until

THREADS = 4


class NameServers:
    """Answer at once, but for names that begin with `hole`: those wait for `answer`."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answer = threading.Event()

    def __call__(self, host: str) -> list[str]:
        self.asked[host] += 1
        if host.startswith("hole"):
            self.answer.wait(10)
            raise OSError("timed out")
        return ["127.0.0.1"]


@contextmanager
def resolver(servers: NameServers) -> Iterator[ThreadedResolver]:
    """A resolver that takes every name that it has looked up for slow."""
    made = ThreadedResolver(servers, THREADS, slow_seconds=0)
    try:
        yield made
    finally:
        servers.answer.set()
        made.close()


def begin(resolve: ThreadedResolver, *names: str) -> list[asyncio.Future[list[str]]]:
    return [asyncio.ensure_future(resolve(name, 443)) for name in names]


async def test_a_name_is_looked_up_once_at_a_time_whoever_asks() -> None:
    servers = NameServers()
    with resolver(servers) as resolve:
        asked = begin(resolve, *["hole.test"] * 20)
        await until(lambda: servers.asked["hole.test"] == 1)
        asked[0].cancel()
        assert await resolve("shop.test", 443) == ["127.0.0.1"]
        servers.answer.set()
        outcomes = await asyncio.gather(*asked[1:], return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {OSError}
        assert servers.asked["hole.test"] == 1


async def test_names_that_nobody_answers_for_leave_threads_for_others() -> None:
    servers = NameServers()
    holes = [f"hole{number}.test" for number in range(THREADS)]
    with resolver(servers) as resolve:
        first = begin(resolve, *holes)
        await until(lambda: servers.asked.total() == THREADS)
        with pytest.raises(NoLookupLeft, match="4 names are being looked up"):
            await resolve("shop.test", 443)
        servers.answer.set()
        await asyncio.gather(*first, return_exceptions=True)
        servers.answer.clear()

        again = begin(resolve, *holes)
        await until(lambda: sum(lookup.done() for lookup in again) == THREADS // 2)
        assert await resolve("shop.test", 443) == ["127.0.0.1"]
        servers.answer.set()
        outcomes = await asyncio.gather(*again, return_exceptions=True)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"OSError": 2, "NoLookupLeft": 2}


async def test_want_of_a_lookup_is_waited_out_and_opens_no_circuit() -> None:
    topics, circuit = TierTopics(), Circuit(CircuitLimits(failures_max=1))
    servers, settled = NameServers(), list[int]()
    with resolver(servers) as resolve:
        async with told_endpoint(says(OK)) as well:
            holes = begin(resolve, *(f"hole{number}.test" for number in range(THREADS)))
            await until(lambda: servers.asked.total() == THREADS)
            endpoint = endpoint_at(well.port, Sockets(100), topics, circuit, resolve)
            offer(endpoint, settled)
            for _ in range(100):
                await asyncio.sleep(0)
            assert not settled
            servers.answer.set()
            await until(lambda: len(settled) == 100)
            await endpoint.stop(0)
        await asyncio.gather(*holes, return_exceptions=True)
    assert not topics.deferred
    assert circuit.is_closed
