"""Strikes, and undoes what it did."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.chaos.cluster import Cluster
from tests.chaos.fleet import Fleet
from tests.chaos.kept import Kept
from tests.chaos.rolling import roll
from tests.chaos.schedule import Kind, Strike

DELAY_SECONDS = 0.1
"""By which connections are slowed down, each way."""
BROKER_KINDS = frozenset(
    {Kind.KILL_BROKER, Kind.LOSE_BROKER, Kind.STOP_BROKER, Kind.KILL_BROKERS, Kind.ISOLATE}
)
"""One at a time: with two brokers out of three away, nothing at all would happen."""

Report = Callable[[str], None]


class Faults:
    """Carries out a schedule. For one event loop."""

    def __init__(self, cluster: Cluster, fleet: Fleet, report: Report) -> None:
        self._cluster = cluster
        self._fleet = fleet
        self._report = report
        self._brokers = asyncio.Lock()
        self.injected: Counter[Kind] = Counter()
        """How many of each kind."""

    async def carry_out(self, strikes: list[Strike]) -> None:
        """Strike at the times given; returns when all is undone."""
        begun = time.monotonic()
        async with asyncio.TaskGroup() as striking:
            for strike in strikes:
                await asyncio.sleep(max(0.0, begun + strike.at_seconds - time.monotonic()))
                striking.create_task(self._strike(strike))

    async def _strike(self, strike: Strike) -> None:
        if strike.kind in BROKER_KINDS:
            async with self._brokers:
                await self._do(strike)
        else:
            await self._do(strike)

    async def _do(self, strike: Strike) -> None:
        lasting = f" for {strike.seconds:.1f} s" if strike.seconds else ""
        self._report(f"{strike.kind.value}: {strike.target}{lasting}")
        self.injected[strike.kind] += 1
        match strike.kind:
            case Kind.ROLL:
                await roll(self._cluster, self._fleet, self._brokers, self._report)
            case Kind.KILL | Kind.KILL_ALL | Kind.KILL_BROKER | Kind.KILL_BROKERS:
                for each in self._struck(strike.target):
                    each.kill()
            case Kind.LEAVE:
                await asyncio.to_thread(self._fleet.leave, strike.target)
                await asyncio.sleep(strike.seconds)
                self._fleet.join(strike.target)
            case Kind.JOIN:
                self._fleet.join(strike.target)
                await asyncio.sleep(strike.seconds)
                await asyncio.to_thread(self._fleet.leave, strike.target)
            case Kind.LOSE | Kind.LOSE_BROKER | Kind.STOP | Kind.STOP_BROKER | Kind.PAUSE:
                with self._away(strike):
                    await asyncio.sleep(strike.seconds)
            case _:
                with self._disturbed(strike):
                    await asyncio.sleep(strike.seconds)

    def _struck(self, target: str) -> list[Kept]:
        """The processes that a target stands for; none where it has left."""
        there = {**self._cluster.brokers, **self._fleet.members}
        return [kept for name, kept in there.items() if target in (name, name.rpartition("-")[0])]

    @contextmanager
    def _away(self, strike: Strike) -> Iterator[None]:
        struck = self._struck(strike.target)
        for each in struck:
            if strike.kind in (Kind.LOSE, Kind.LOSE_BROKER):
                each.end_and_hold()
            else:
                each.send(signal.SIGSTOP)
        try:
            yield
        finally:
            for each in struck:
                each.release()

    @contextmanager
    def _disturbed(self, strike: Strike) -> Iterator[None]:
        front = self._cluster.front(strike.target)
        proxies = self._cluster.fronts(strike.target) if strike.kind is Kind.ISOLATE else [front]
        for proxy in proxies:
            match strike.kind:
                case Kind.HOLD_UP:
                    proxy.hold_up()
                case Kind.SLOW_DOWN:
                    proxy.slow_down(DELAY_SECONDS)
                case _:
                    proxy.cut()
        try:
            yield
        finally:
            for proxy in proxies:
                proxy.heal()
