"""Strikes, undoes what it did, and counts what has landed."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from services.admin.supervisor.readiness import NotReady
from tests.chaos.cluster import Cluster
from tests.chaos.fleet import Fleet
from tests.chaos.kept import Kept
from tests.chaos.rolling import roll
from tests.chaos.schedule import BROKER_KINDS, Kind, Strike

DELAY_SECONDS = 0.1
"""By which connections are slowed down, each way."""
THERE_SECONDS_MAX = 10.0
"""A target whose process is just being started, after another strike, is waited for so long."""
READY_SECONDS_MAX = 60.0
"""A member that joins is waited for so long, until it says that it is ready."""
POLL_SECONDS = 0.5

Report = Callable[[str], None]


class Missed(Exception):
    """The strike had no effect; the text says why."""


class Faults:
    """Carries out a schedule. For one event loop."""

    def __init__(self, cluster: Cluster, fleet: Fleet, report: Report) -> None:
        self._cluster = cluster
        self._fleet = fleet
        self._report = report
        self._brokers = asyncio.Lock()
        self.injected: Counter[Kind] = Counter()
        """How many of each kind have had their effect."""
        self.missed: list[str] = []
        """Those that have not, with the reason."""

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
                await self._count(strike)
        else:
            await self._count(strike)

    async def _count(self, strike: Strike) -> None:
        lasting = f" for {strike.seconds:.1f} s" if strike.seconds else ""
        self._report(f"{strike.kind.value}: {strike.target}{lasting}")
        try:
            await self._do(strike)
        except Missed as miss:
            self.missed.append(f"{strike.kind.value}: {strike.target}: {miss}")
            self._report(f"missed: {self.missed[-1]}")
        else:
            self.injected[strike.kind] += 1

    async def _do(self, strike: Strike) -> None:
        """Raises Missed."""
        match strike.kind:
            case Kind.ROLL:
                if not await roll(self._cluster, self._fleet, self._brokers, self._report):
                    raise Missed("not everything was restarted")
            case Kind.KILL | Kind.KILL_ALL | Kind.KILL_BROKER | Kind.KILL_BROKERS:
                _all_hit([(each, each.kill()) for each in await self._struck(strike.target)])
            case Kind.LEAVE:
                await self._leave(strike)
            case Kind.JOIN:
                await self._join(strike)
            case Kind.LOSE | Kind.LOSE_BROKER | Kind.STOP | Kind.STOP_BROKER | Kind.PAUSE:
                with self._away(strike.kind, await self._struck(strike.target)):
                    await asyncio.sleep(strike.seconds)
            case _:
                with self._disturbed(strike):
                    await asyncio.sleep(strike.seconds)

    async def _struck(self, target: str) -> list[Kept]:
        """The processes that a target stands for, all of them running."""
        there = {**self._cluster.brokers, **self._fleet.members}
        struck = [kept for name, kept in there.items() if target in (name, name.rpartition("-")[0])]
        if not struck:
            raise Missed("it has left")
        for each in struck:
            if not await asyncio.to_thread(each.wait_until_it_runs, THERE_SECONDS_MAX):
                raise Missed(f"{each.name} does not run")
        return struck

    async def _leave(self, strike: Strike) -> None:
        await self._struck(strike.target)
        await asyncio.to_thread(self._fleet.leave, strike.target)
        await asyncio.sleep(strike.seconds)
        self._fleet.join(strike.target)

    async def _join(self, strike: Strike) -> None:
        self._fleet.join(strike.target)
        try:
            if not await asyncio.to_thread(self._is_ready, strike.target):
                raise Missed("it did not become ready")
            await asyncio.sleep(strike.seconds)
        finally:
            await asyncio.to_thread(self._fleet.leave, strike.target)

    def _is_ready(self, name: str) -> bool:
        """Waits; a start that fails, as while brokers are away, is not the end."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while (left := deadline - time.monotonic()) > 0:
            with suppress(NotReady):
                self._fleet.wait_until_ready(name, seconds_max=left)
                return True
            time.sleep(POLL_SECONDS)
        return False

    @contextmanager
    def _away(self, kind: Kind, struck: list[Kept]) -> Iterator[None]:
        try:
            if kind in (Kind.LOSE, Kind.LOSE_BROKER):
                _all_hit([(each, each.end_and_hold()) for each in struck])
            else:
                _all_hit([(each, each.send(signal.SIGSTOP)) for each in struck])
            yield
        finally:
            for each in struck:
                each.release()

    @contextmanager
    def _disturbed(self, strike: Strike) -> Iterator[None]:
        front = self._cluster.front(strike.target)
        proxies = self._cluster.fronts(strike.target) if strike.kind is Kind.ISOLATE else [front]
        before = sum(proxy.disturbed for proxy in proxies)
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
        if sum(proxy.disturbed for proxy in proxies) == before:
            raise Missed("there was no connection")


def _all_hit(sent: list[tuple[Kept, bool]]) -> None:
    if missed := [kept.name for kept, hit in sent if not hit]:
        raise Missed(f"no process of {', '.join(missed)} was there")
