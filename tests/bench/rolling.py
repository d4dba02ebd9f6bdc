"""What customers notice of a rolling restart of three brokers and two of each service, under load."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import structlog
from rich.console import Console

from services.admin.supervisor.options import Options
from services.identity.customer_token import customer_token
from tests.bench.figures import Figure
from tests.chaos import platform
from tests.chaos.load.business import Business
from tests.chaos.load.customer import STEADY, Customer
from tests.chaos.load.told import Told
from tests.chaos.platform import Platform
from tests.chaos.rolling import roll

PER_SECOND = 30.0
CUSTOMERS = 40
WARM_SECONDS = 40.0
"""Three brokers and a dozen processes have just begun: not measured."""
BEFORE_SECONDS = 20.0
UNDER_WAY_SECONDS = 5.0
"""What is asked for so shortly before the restart may be caught in it: of neither time."""
ARRIVAL_SECONDS_MAX = 60.0
OPTIONS = Options(accounts=platform.BUSINESSES, number_rate=1_000, pair_burst=100_000)


async def rolling(console: Console) -> list[Figure]:
    """The 99th percentile from a business's first attempt to the customer's device, during it and before."""
    with TemporaryDirectory(prefix="parley-rolling-") as directory:
        structlog.configure(
            logger_factory=structlog.WriteLoggerFactory((Path(directory) / "keepers.log").open("a"))
        )
        running = platform.running(Path(directory), OPTIONS, {})
        there = await asyncio.to_thread(running.__enter__)
        try:
            return await _measure(console, there)
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


async def _measure(console: Console, there: Platform) -> list[Figure]:
    told, rng = Told(), Random(1)  # noqa: S311 - no secret
    sent, is_over = asyncio.Event(), asyncio.Event()
    numbers = [f"1650{5_000_000 + position}" for position in range(CUSTOMERS)]
    ids = [account["phone_number_id"] for account in there.accounts]
    async with asyncio.TaskGroup() as load:
        customers = [
            Customer(
                number, there.fleet.handset_url, customer_token(there.key, number), ids, told, rng, STEADY
            )
            for number in numbers
        ]
        for customer in customers:
            load.create_task(customer.live(is_over.is_set))
        async with asyncio.timeout(BEFORE_SECONDS):
            while not all(customer.has_been_heard for customer in customers):
                await asyncio.sleep(0.1)
        for account in there.accounts:
            business = Business(account, there.fleet.ingress_urls, numbers, told, rng, burst_share=0)
            load.create_task(business.trade(PER_SECOND / len(there.accounts), sent.is_set))
        await asyncio.sleep(WARM_SECONDS)
        warm = time.monotonic()
        await asyncio.sleep(BEFORE_SECONDS)
        calm_until = time.monotonic()
        await asyncio.sleep(UNDER_WAY_SECONDS)
        begun = time.monotonic()
        await roll(there.cluster, there.fleet, asyncio.Lock(), console.print)
        ended = time.monotonic()
        sent.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
                while _missing(told, warm):
                    await asyncio.sleep(0.1)
        is_over.set()
        for customer in customers:
            customer.be_dutiful()
    before, during = _delays(told, warm, calm_until), _delays(told, begun, ended)
    details = {
        "messages": len(during),
        "not shown": _missing(told, warm),
        "p50": round(during[len(during) // 2]),
        "longest": round(during[-1]),
        "p50 before": round(before[len(before) // 2]),
        "p99 before": round(_p99(before)),
        "restart took s": round(ended - begun),
    }
    return [Figure("recovery/rolling-restart/p99", _p99(during), "ms", details=details)]


def _missing(told: Told, since: float) -> int:
    """Messages asked for since then that were accepted and have not been shown."""
    return sum(
        bool(asked.accepted) and asked.accepted[0][0] not in told.shown_at
        for asked in told.asked.values()
        if asked.asked_at >= since
    )


def _delays(told: Told, begin: float, end: float) -> list[float]:
    """Milliseconds from the first attempt to the device, of messages asked for in that time."""
    return sorted(
        (told.shown_at[message_id] - asked.asked_at) * 1000
        for asked in told.asked.values()
        if begin <= asked.asked_at < end
        for message_id in {message_id for message_id, _ in asked.accepted}
        if message_id in told.shown_at
    )


def _p99(ordered: Sequence[float]) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
