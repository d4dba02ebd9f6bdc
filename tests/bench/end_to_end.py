"""The whole platform under load: the rate that it keeps up with, and latency at half of it.

Several businesses, devices that confirm and read, a webhook receiver, all inside the window: three webhooks
and about two dozen Kafka records a message. A rate is kept up with when all of it was accepted on schedule
and, at its end, has been delivered and reported but for what the last two seconds brought.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from demo.instance import Instance, parley, parley_json, running
from tests.bench.cpu import cpu_seconds
from tests.bench.figures import Figure
from tests.bench.load.processes import LoadProcess
from tests.bench.written import Written, written

BUSINESSES = 4
CUSTOMERS = 300
PROBE_SECONDS = 10
RUN_SECONDS = 60
BEHIND_SECONDS_MAX = 2.0
ON_SCHEDULE_SHARE = 0.98
FIRST_RATE = 400
RATE_FACTOR = 1.15
OPTIONS = ("--accounts", str(BUSINESSES), "--number-rate", "10000", "--pair-burst", "100000")


@dataclass(frozen=True)
class Run:
    """What one steady rate gave."""

    rate: int
    accepted: int
    seconds: float
    """From the first request to the last answer: longer than asked for when requests had to wait."""
    refused: dict[str, int]
    behind: int
    """Accepted messages whose last webhook had not come when the sending ended."""
    to_handset_ms: list[float]
    to_webhook_ms: list[float]
    cpu_share: dict[str, float]
    """CPUs in use by process."""
    written: Written

    @property
    def keeps_up(self) -> bool:
        """Whether the platform took what was sent when it was due, and finished it."""
        on_schedule = self.accepted >= self.rate * self.seconds * ON_SCHEDULE_SHARE
        return on_schedule and self.behind <= self.rate * BEHIND_SECONDS_MAX


class Field:
    """A running instance with devices connected and webhooks going to a receiver."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._runs = 0

    async def run(self, rate: int, seconds: int) -> Run:
        """Send at ``rate`` for ``seconds``, and see what came of it."""
        self._runs += 1
        name = f"{self._runs}-{time.time_ns()}"
        receiver, handsets, sender = (LoadProcess(each) for each in ("receiver", "handsets", "sender"))
        await receiver.start()
        url = f"http://127.0.0.1:{await receiver.line()}/webhook"
        accounts = self._instance.accounts
        for each in accounts:
            await parley(self._instance, "account", "webhook", each["account_id"], url)
        numbers = [f"1650{6_000_000 + position}" for position in range(CUSTOMERS)]
        tokens = await parley_json(self._instance, "handset", "token", *numbers)
        await handsets.start(
            {
                "run": name,
                "url": self._instance.handset_url,
                "tokens": [each["token"] for each in tokens],
                "phone_number_ids": [each["phone_number_id"] for each in accounts],
            }
        )
        await handsets.line()
        pids = {**self._pids(), "load: handsets": handsets.pid, "load: receiver": receiver.pid}
        before = self._written()
        used, begun = cpu_seconds(pids), time.monotonic()
        host, _, port = self._instance.ingress_url.removeprefix("http://").partition(":")
        await sender.start(
            {
                "run": name,
                "host": host,
                "port": int(port),
                "rate": rate,
                "seconds": seconds,
                "accounts": accounts,
                "customers": numbers,
            }
        )
        sent = await sender.finish()
        ended_ns, took = time.monotonic_ns(), time.monotonic() - begun
        share = {each: round((now - used[each]) / took, 2) for each, now in cpu_seconds(pids).items()}
        wrote = self._written().since(before)
        seen, webhooks = await handsets.finish(), await receiver.finish()
        return _judged(rate, sent, seen, webhooks["statuses"], ended_ns, share, wrote)

    def _pids(self) -> dict[str, int]:
        description = json.loads((self._instance.directory / ".run" / "parley.json").read_text())
        self._servers = description["kafka_bootstrap_servers"]
        pids: dict[str, int] = description["pids"]
        return pids

    def _written(self) -> Written:
        return written(self._servers, self._instance.directory / ".run" / "data" / "kafka")


def _judged(
    rate: int,
    sent: dict[str, Any],
    seen: dict[str, Any],
    statuses: dict[str, dict[str, int]],
    ended_ns: int,
    cpu_share: dict[str, float],
    wrote: Written,
) -> Run:
    accepted: dict[str, int] = dict(sent["accepted"].values())
    arrived, acknowledged = seen["arrived"], seen["acknowledged"]
    read = statuses.get("read", {})
    behind = sum(1 for message_id in accepted if read.get(message_id, ended_ns + 1) > ended_ns)
    return Run(
        rate=rate,
        accepted=len(accepted),
        seconds=sent["seconds"],
        refused=sent["refused"],
        behind=behind,
        to_handset_ms=sorted((arrived[each] - at) / 1e6 for each, at in accepted.items() if each in arrived),
        to_webhook_ms=sorted(
            (at - acknowledged[each]) / 1e6
            for each, at in statuses.get("delivered", {}).items()
            if each in acknowledged and each in accepted
        ),
        cpu_share=cpu_share,
        written=wrote,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of an ordered sample lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def end_to_end(console: Console) -> list[Figure]:
    """All figures named ``e2e/…``; takes about five minutes."""
    async with running(console, *OPTIONS) as instance:
        field = Field(instance)
        await field.run(FIRST_RATE // 2, PROBE_SECONDS)  # warms the platform up
        best = await _highest(field, console)
        half = await field.run(best.rate // 2, RUN_SECONDS)
    _tell(console, half)
    records, size = best.written.each(best.accepted)
    return [
        Figure("e2e/throughput", best.rate, "messages/s", details={"cpus": best.cpu_share}),
        Figure(
            "e2e/accepted-to-handset/p50",
            percentile(half.to_handset_ms, 0.5),
            "ms",
            details={"rate": half.rate},
        ),
        Figure(
            "e2e/accepted-to-handset/p99",
            percentile(half.to_handset_ms, 0.99),
            "ms",
            details={"rate": half.rate},
        ),
        Figure(
            "e2e/event-to-webhook/p50", percentile(half.to_webhook_ms, 0.5), "ms", details={"rate": half.rate}
        ),
        Figure(
            "e2e/event-to-webhook/p99",
            percentile(half.to_webhook_ms, 0.99),
            "ms",
            details={"rate": half.rate},
        ),
        Figure("e2e/records-per-message", records, "records", details={"markers": "included"}),
        Figure("e2e/bytes-per-message", size, "bytes", details={"of": "the broker's files"}),
    ]


async def _highest(field: Field, console: Console) -> Run:
    """Climb in short runs until one does not keep up, then hold the best for a whole minute."""
    rate = FIRST_RATE
    while (probe := await field.run(rate, PROBE_SECONDS)).keeps_up:
        _tell(console, probe)
        rate = int(rate * RATE_FACTOR)
    _tell(console, probe)
    while True:
        rate = int(rate / RATE_FACTOR)
        held = await field.run(rate, RUN_SECONDS)
        _tell(console, held)
        if held.keeps_up:
            return held


def _tell(console: Console, run: Run) -> None:
    if run.to_handset_ms:
        middle, tail = percentile(run.to_handset_ms, 0.5), percentile(run.to_handset_ms, 0.99)
        latency = f"to handset p50 {middle:.0f} ms, p99 {tail:.0f} ms"
    else:
        latency = "nothing reached a handset"
    took = f"accepted {run.accepted / run.seconds:.0f}/s, behind by {run.behind}, refused {run.refused}"
    verdict = "keeps up" if run.keeps_up else took
    console.print(f"{run.rate}/s: {verdict}; {latency}; CPUs {run.cpu_share}", highlight=False)
