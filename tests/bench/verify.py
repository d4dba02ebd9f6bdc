"""How fast `parley verify` reads: a run of the stages on a real broker, and the same run from a dump."""

import asyncio
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console

from deploy.kafka import EmbeddedKafka
from services.runtime.kafka_connection import KafkaConnection
from services.verifier.dump import DumpSource, write_dump
from services.verifier.records import ORDER, Source
from services.verifier.sources.cluster import ClusterSource
from services.verifier.verification import verify as run_verification
from tests.bench.backlog import LASTS_MS, backlog
from tests.bench.figures import Figure
from tests.integration.verify_topics import write_partitions, write_topics

CONVERSATIONS, CHUNKS = 4_000, 4
"""About half a million records."""
START_MS = 1_600_000_000_000
"""2020, so that nothing lies in the future."""


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
        with EmbeddedKafka(Path(directory) / "kafka") as broker:
            with console.status(f"writing {CHUNKS * CONVERSATIONS:,} conversations"):
                prefix = _write(broker.connection())
            source = ClusterSource(broker.connection(), prefix)
            with console.status("verifying"):
                cluster = _timed(source)
                dump = Path(directory) / "run.dump"
                write_dump(source, "", dump)
        with closing(DumpSource(dump)) as dumped, console.status("verifying the dump"):
            from_dump = _timed(dumped)
    return [
        Figure(
            "verify/records",
            cluster.records / cluster.seconds,
            "per s",
            details={
                "records": cluster.records,
                "cpu us/record": round(cluster.cpu_seconds / cluster.records * 1e6, 1),
                "from a dump, per s": round(from_dump.records / from_dump.seconds),
            },
        )
    ]


def _write(connection: KafkaConnection) -> str:
    """Write the run, of which only a piece is in memory at a time; returns the prefix of its topics."""
    prefix, line = write_topics(connection, ORDER, {}), None
    for chunk in range(CHUNKS):
        line = backlog(CONVERSATIONS, START_MS + chunk * LASTS_MS, chunk=chunk, after=line)
        topics = [(prefix, records) for (name, _), records in line.topics.items() if name in ORDER]
        write_partitions(connection, topics)
    return prefix


def _timed(source: Source) -> Measured:
    began, cpu_began = time.perf_counter(), time.process_time()
    findings = run_verification(source)
    if findings.violations:
        raise RuntimeError(f"the run that was to be measured does not hold: {findings.violations[0]}")
    records = sum(findings.records.values())
    return Measured(records, time.perf_counter() - began, time.process_time() - cpu_began)
