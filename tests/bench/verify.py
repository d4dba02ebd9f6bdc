"""How fast `parley verify` reads: a run of the stages on a real broker, and the same run from a dump."""

import asyncio
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console

from deploy.kafka import EmbeddedKafka
from services.verifier.dump import DumpSource, write_dump
from services.verifier.records import ORDER, Source
from services.verifier.sources.cluster import ClusterSource
from services.verifier.verification import verify as run_verification
from tests.bench.figures import Figure
from tests.integration.verify_topics import write_topics
from tests.line.traffic import Traffic

STEPS = 120_000
BUSINESSES, CUSTOMERS = 40, 20_000
START_MS = 1_600_000_000_000
"""2020: the run takes more than a year of its own time, and no broker takes records from the future."""


class Measured(NamedTuple):
    """What one verification took."""

    records: int
    seconds: float
    cpu_seconds: float


async def verify(console: Console) -> list[Figure]:
    """The figure ``verify/records``; takes about a minute."""
    return await asyncio.to_thread(_measure, console)


def _measure(console: Console) -> list[Figure]:
    with TemporaryDirectory(prefix="parley-bench-") as directory:
        with console.status(f"making a run of {STEPS:,} steps"):
            traffic = Traffic(1, BUSINESSES, CUSTOMERS, start_ms=START_MS, pauses=1)
            traffic.go(STEPS)
        with EmbeddedKafka(Path(directory) / "kafka") as broker, console.status("verifying"):
            source = ClusterSource(
                broker.connection(), write_topics(broker.connection(), ORDER, traffic.line.topics)
            )
            del traffic
            cluster = _timed(source)
            dump = Path(directory) / "run.dump"
            write_dump(source, "", dump)
        with closing(DumpSource(dump)) as dumped, console.status("verifying the dump"):
            from_dump = _timed(dumped)
    return [
        Figure(
            "verify/records",
            cluster.records / cluster.seconds,
            "records/s",
            details={
                "records": cluster.records,
                "cpu us/record": round(cluster.cpu_seconds / cluster.records * 1e6, 1),
                "from a dump, records/s": round(from_dump.records / from_dump.seconds),
            },
        )
    ]


def _timed(source: Source) -> Measured:
    began, cpu_began = time.perf_counter(), time.process_time()
    findings = run_verification(source)
    if findings.violations:
        raise RuntimeError(f"the run that was to be measured does not hold: {findings.violations[0]}")
    records = sum(findings.records.values())
    return Measured(records, time.perf_counter() - began, time.process_time() - cpu_began)
