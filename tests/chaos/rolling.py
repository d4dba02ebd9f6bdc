"""A rolling restart of everything."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from services.admin.supervisor.readiness import NotReady
from tests.chaos.cluster import Cluster
from tests.chaos.fleet import Fleet
from tests.chaos.kept import Kept

RESTART_SECONDS_MAX = 15.0
READY_SECONDS_MAX = 15.0
"""How long each is waited for; somebody else may be striking it."""


async def roll(cluster: Cluster, fleet: Fleet, brokers: asyncio.Lock, report: Callable[[str], None]) -> bool:
    """Each service restarts its members one after another, as a StatefulSet does; then the brokers do.

    ``brokers`` is held while one of them is away. False when some that is still there was not restarted.
    """
    services: defaultdict[str, list[Kept]] = defaultdict(list)
    for name, member in fleet.members.items():
        services[name.rpartition("-")[0]].append(member)
    async with asyncio.TaskGroup() as rolling:
        rolls = [rolling.create_task(_roll_service(fleet, members, report)) for members in services.values()]
    is_whole = all(roll.result() for roll in rolls)
    for broker in cluster.brokers.values():
        async with brokers:
            is_whole &= await asyncio.to_thread(broker.restart, RESTART_SECONDS_MAX)
            await asyncio.to_thread(cluster.wait_until_in_sync, READY_SECONDS_MAX)
    report("everything has been restarted" if is_whole else "not everything could be restarted")
    return is_whole


async def _roll_service(fleet: Fleet, members: list[Kept], report: Callable[[str], None]) -> bool:
    is_whole = True
    for member in members:
        if member.name not in fleet.members:  # it has left meanwhile
            continue
        restarted = await asyncio.to_thread(member.restart, RESTART_SECONDS_MAX)
        is_whole &= restarted or member.name not in fleet.members
        try:
            await asyncio.to_thread(fleet.wait_until_ready, member.name, seconds_max=READY_SECONDS_MAX)
        except (NotReady, KeyError):
            report(f"{member.name} is not ready, and the rolling restart goes on")
    return is_whole
