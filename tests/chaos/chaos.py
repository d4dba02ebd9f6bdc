"""One run: start, load, faults, heal, drain, verify, reconcile."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from confluent_kafka import KafkaException

from services.admin.supervisor.options import Options
from services.identity.customer_token import customer_token
from tests.chaos import platform
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

CUSTOMERS = 60
DRAIN_SECONDS_MAX = 180.0
POLL_SECONDS = 1.0
PARLEY = str(Path(sys.executable).with_name("parley"))

Report = Callable[[str], None]


@dataclass
class Outcome:
    """What a run has shown."""

    injected: Counter[Kind]
    told: Told
    recorded: Recorded
    verifier: list[str] = field(default_factory=list)
    """Violations that `parley verify` found."""
    reconciliation: list[str] = field(default_factory=list)
    """What clients were told and the topics do not bear out, or the other way round."""

    @property
    def violations(self) -> list[str]:
        """All of them."""
        return self.verifier + self.reconciliation

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
                self._report("load and faults begin")
                await faults.carry_out(schedule(self._seed, seconds))
                self._load_is_over = True
                self._report("all is healed; what was begun is settled")
                await asyncio.wait(trading)
                endpoint.is_well = True
                for customer in customers:
                    customer.be_dutiful()
                topics = Topics(there.cluster.connection, there.prefix)
                await self._drain(topics, customers)
                self._all_is_over = True
        topics.close()
        self._report("verifying")
        verifier = await asyncio.to_thread(verify, there)
        outcome = Outcome(faults.injected, told, topics.recorded, verifier)
        outcome.reconciliation += reconcile(told, topics.recorded)
        return outcome

    def _customer(self, number: str, rng: Random) -> Customer:
        there = self._there
        businesses = [account["phone_number_id"] for account in there.accounts]
        token = customer_token(there.key, number)
        return Customer(number, there.fleet.handset_url, token, businesses, self._told, rng)

    async def _drain(self, topics: Topics, customers: list[Customer]) -> None:
        """Wait until nothing is under way any more; what is then left shows in the reconciliation."""
        deadline = time.monotonic() + DRAIN_SECONDS_MAX
        while time.monotonic() < deadline:
            left = await asyncio.to_thread(self._left, topics)
            if unheard := sum(not customer.has_been_heard for customer in customers):
                left["customers not heard"] = unheard
            if not left:
                self._report("all is drained")
                return
            self._report("draining: " + ", ".join(f"{name} {count}" for name, count in left.items()))
            await asyncio.sleep(POLL_SECONDS)
        self._report(f"not drained within {DRAIN_SECONDS_MAX:g} s")

    def _left(self, topics: Topics) -> dict[str, int]:
        """What is still under way, by name; empty when all is done."""
        try:
            if not topics.catch_up(POLL_SECONDS * 10):
                return {"topics not read to their ends": 1}
            left = {f"lag of {group}": lag for group, lag in topics.lags().items()}
        except KafkaException as error:
            return {f"Kafka: {error}": 1}
        recorded = topics.recorded
        left["messages without end"] = len(recorded.unended)
        left["webhooks"] = len(recorded.webhooks_due - self._told.webhooks.keys())
        return {name: count for name, count in left.items() if count}

    def _report(self, line: str) -> None:
        self._print(f"{time.monotonic() - self._begun:7.1f} s  {line}")


def verify(there: Platform) -> list[str]:
    """What `parley verify` finds: its violations as it words them."""
    done = subprocess.run(
        [PARLEY, "verify", "--json"], env=dict(there.environment), capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines or "violations" not in lines[-1]:
        return [f"parley verify ended with {done.returncode}: {done.stderr.strip()}"]
    return [
        f"{line['topic']}/{line['partition']} offset {line['offset']}: {line['subject']}: {line['sentence']}"
        for line in lines
        if "sentence" in line
    ]
