"""A rolling restart of everything."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Protocol

from services.admin.supervisor.readiness import NotReady
from tests.chaos.cluster import Cluster
from tests.chaos.kept import Kept

RESTART_SECONDS_MAX = 15.0
READY_SECONDS_MAX = 15.0
"""How long each is waited for; somebody else may be striking it."""


class Members(Protocol):
    """What a rolling restart needs of the fleet."""

    @property
    def members(self) -> Mapping[str, Kept]:
        """Those that are to run, by name: another object when one has left and come back."""

    def wait_until_ready(self, *names: str, seconds_max: float) -> None:
        """Raises `NotReady`."""


async def roll(
    cluster: Cluster, fleet: Members, brokers: asyncio.Lock, report: Callable[[str], None]
) -> bool:
    """Each service restarts its members one after another, as a StatefulSet does; then the brokers do.

    ``brokers`` is held while one of them is away. False when some that is still there was not restarted.
    """
    async with asyncio.TaskGroup() as rolling:
        rolls = [
            rolling.create_task(roll_service(fleet, list(members), report))
            for _, members in groupby(sorted(fleet.members), key=_service)
        ]
    is_whole = all(roll.result() for roll in rolls)
    for broker in cluster.brokers.values():
        async with brokers:
            is_whole &= await asyncio.to_thread(broker.restart, RESTART_SECONDS_MAX)
            await asyncio.to_thread(cluster.wait_until_in_sync, READY_SECONDS_MAX)
    report("everything has been restarted" if is_whole else "not everything could be restarted")
    return is_whole


async def roll_service(fleet: Members, names: Sequence[str], report: Callable[[str], None]) -> bool:
    """Restart these one after another; one that leaves, or comes back, needs no restart.

    False when one that is still there was not restarted.
    """
    before = dict(fleet.members)
    is_whole = True
    for name in names:
        member = before[name]
        if fleet.members.get(name) is not member:
            continue
        restarted = await asyncio.to_thread(member.restart, RESTART_SECONDS_MAX)
        is_whole &= restarted or fleet.members.get(name) is not member
        try:
            await asyncio.to_thread(fleet.wait_until_ready, name, seconds_max=READY_SECONDS_MAX)
        except (NotReady, KeyError):
            report(f"{name} is not ready, and the rolling restart goes on")
    return is_whole


def _service(name: str) -> str:
    return name.rpartition("-")[0]
