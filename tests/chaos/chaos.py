"""One run: start, load, faults, heal, drain, verify, reconcile."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from services.admin.supervisor.options import Options
from services.identity.customer_token import customer_token
from tests.chaos import platform
from tests.chaos.backlog import Backlog
from tests.chaos.draining import Left, drain, left_in
from tests.chaos.faults import Faults
from tests.chaos.load.business import Business
from tests.chaos.load.customer import Customer
from tests.chaos.load.endpoint import Endpoint
from tests.chaos.load.told import Told
from tests.chaos.platform import Platform
from tests.chaos.reconcile import reconcile
from tests.chaos.recorded import Recorded
from tests.chaos.schedule import Kind, schedule
from tests.chaos.topics import Topics
from tests.chaos.verified import verify

CUSTOMERS = 180
"""So many that the rate of a pair of business and customer refuses few of their messages."""
REST_SECONDS_MAX = 30.0
"""What the last frames of customers have set going is waited for so long."""

Report = Callable[[str], None]


@dataclass
class Outcome:
    """What a run has shown."""

    injected: Counter[Kind]
    """Faults that had their effect."""
    missed: list[str]
    """Faults that had none."""
    backlog: Counter[str]
    """The most that each group was behind, in records."""
    told: Told
    recorded: Recorded
    left: Left
    """What was still under way when the time to drain was over."""
    verifier: list[str] = field(default_factory=list)
    """What `parley verify` found, or could not check."""
    reconciliation: list[str] = field(default_factory=list)
    """What clients were told and the topics do not bear out, or the other way round."""

    @property
    def violations(self) -> list[str]:
        """All of them."""
        undrained = [f"not drained: {name} {count}" for name, count in self.left.items()]
        return undrained + self.verifier + self.reconciliation

    @property
    def summary(self) -> str:
        """The last line of ``make chaos``."""
        messages, faults = len(self.recorded.sent), sum(self.injected.values())
        return f"{messages} messages, {faults} faults, {len(self.violations)} violations"


async def run_chaos(directory: Path, seed: int, seconds: float, per_second: float, report: Report) -> Outcome:
    """``per_second``: messages of all businesses together. What a service says is left in ``directory``."""
    options = Options(accounts=platform.BUSINESSES, number_rate=platform.NUMBER_RATE)
    variables = {"PARLEY_HANDSET_DATED_MESSAGES": "true"}
    report(f"seed {seed}: starting three brokers and two of each service")
    running = platform.running(directory, options, variables)
    there = await asyncio.to_thread(running.__enter__)
    try:
        return await _Run(there, seed, report).go(seconds, per_second)
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


class _Run:
    """What one run keeps in mind."""

    def __init__(self, there: Platform, seed: int, report: Report) -> None:
        self._there = there
        self._seed = seed
        self._begun = time.monotonic()
        self._print = report
        self._told = Told()
        self._load_is_over = self._all_is_over = False

    async def go(self, seconds: float, per_second: float) -> Outcome:
        there, told = self._there, self._told
        rng = Random(self._seed)  # noqa: S311 - no secret
        topics = Topics(there.cluster.connection, there.prefix)
        backlog = Backlog(topics)
        async with Endpoint(there.accounts, told, rng) as endpoint:
            urls = {each["account_id"]: endpoint.url(each["account_id"]) for each in there.accounts}
            await asyncio.to_thread(there.send_webhooks_to, urls)
            faults = Faults(there.cluster, there.fleet, self._report)
            numbers = [f"1650{5_000_000 + position}" for position in range(CUSTOMERS)]
            customers = [self._customer(number, rng) for number in numbers]
            async with asyncio.TaskGroup() as load:
                for customer in customers:
                    load.create_task(customer.live(lambda: self._all_is_over))
                trading = [
                    load.create_task(
                        Business(account, there.fleet.ingress_urls, numbers, told, rng).trade(
                            per_second / len(there.accounts), lambda: self._load_is_over
                        )
                    )
                    for account in there.accounts
                ]
                watching = load.create_task(backlog.watch(lambda: self._load_is_over))
                self._report("load and faults begin")
                await faults.carry_out(schedule(self._seed, seconds))
                self._load_is_over = True
                self._report("all is healed; what was begun is settled")
                await asyncio.wait([*trading, watching])
                endpoint.is_well = True
                for customer in customers:
                    customer.be_dutiful()
                left = await drain(lambda: left_in(topics, told), [*customers], self._report)
                self._all_is_over = True
            # Customers came and went to the last: the platform is at rest only now.
            left = left or await drain(
                lambda: left_in(topics, told), [*customers], self._report, REST_SECONDS_MAX
            )
        topics.close()
        self._report("verifying")
        verifier = await asyncio.to_thread(verify, there.environment)
        outcome = Outcome(faults.injected, faults.missed, backlog.most, told, topics.recorded, left, verifier)
        outcome.reconciliation += reconcile(told, topics.recorded)
        return outcome

    def _customer(self, number: str, rng: Random) -> Customer:
        there = self._there
        businesses = [account["phone_number_id"] for account in there.accounts]
        token = customer_token(there.key, number)
        return Customer(number, there.fleet.handset_url, token, businesses, self._told, rng)

    def _report(self, line: str) -> None:
        self._print(f"{time.monotonic() - self._begun:7.1f} s  {line}")
