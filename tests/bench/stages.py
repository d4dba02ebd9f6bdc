"""Each stage alone on a backlog of realistic records, beside a bare copy of the same records.

The rate is taken between five and a hundred per cent of the backlog, so that start and join do not count. The
broker has copied a backlog before anything is measured: a Java process is slow in its first minute.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from deploy.kafka import EmbeddedKafka
from services.consent.stage import ConsentStage
from services.contracts.catalogue import Topic, topic
from services.delivery.stage import DeliveryStage
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.clock import wall_clock_ms
from services.runtime.partition import SETTING_PREFIX
from services.runtime.rocks_store import RocksStore
from services.runtime.stage import Stage
from services.session_window.stage import SessionWindowStage
from tests.bench.backlog import backlog
from tests.bench.broker import Broker
from tests.bench.cpu import cpu_seconds
from tests.bench.figures import Figure
from tests.bench.probes import Probes

CONVERSATIONS = 60_000
MODULES: dict[type[Stage], str] = {
    SessionWindowStage: "services.session_window",
    ConsentStage: "services.consent",
    RateAndBillStage: "services.rate_and_bill",
    DeliveryStage: "services.delivery",
}
COPY_TARGETS = {"screened": "windows", "intake": "inbox", "usage": "ledger", "dispatch": "statuses"}
"""A topic with as many partitions that the copy may fill, for no stage reads it."""
LONE_PER_SECOND = 10
LONE_RECORDS = 100
BEGIN_SHARE = 0.05
SECONDS_MAX = 120.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Measured:
    """What one process did with a backlog."""

    records_per_second: float
    cpu_us_per_record: float
    broker_cpu_us_per_record: float


async def stages(console: Console) -> list[Figure]:
    """All figures named ``stage/…``; takes about two minutes."""
    with TemporaryDirectory(prefix="parley-bench-") as directory:
        with console.status(f"judging {CONVERSATIONS:,} conversations"):
            line = await asyncio.to_thread(backlog, CONVERSATIONS, wall_clock_ms())
        with EmbeddedKafka(Path(directory) / "kafka") as kafka:
            figures: list[Figure] = []
            for make, module in MODULES.items():
                stage = make()
                # A stage's outputs are another's input: each is alone with its backlog.
                broker = Broker(kafka.connection(), f"bench-{stage.name}.")
                records = broker.write(line, stage.input)
                with console.status(f"{stage.name} on {records:,} records"):
                    if not figures:
                        _copy(broker, kafka.pid, stage.input, "warm-up")
                    figures += _figures(broker, kafka.pid, stage.name, stage.input, module, Path(directory))
            with console.status("lone records"):
                return [*figures, _lone(Broker(kafka.connection(), "bench-lone."), Path(directory) / "lone")]


def _figures(
    broker: Broker, broker_pid: int, name: str, source: Topic, module: str, directory: Path
) -> list[Figure]:
    copied = _copy(broker, broker_pid, source, "ceiling")
    state = directory / "state"
    with running_stage(broker, module, state) as pid:
        stage = _measure(broker, pid, broker_pid, name, source)
    details = {"broker us/record": round(stage.broker_cpu_us_per_record, 1), "records": broker.end(source)}
    return [
        Figure(f"stage/{name}", stage.records_per_second, "records/s", copied.records_per_second, details),
        Figure(f"stage/{name}/cpu", stage.cpu_us_per_record, "us/record", copied.cpu_us_per_record),
        Figure(f"stage/{name}/state", _state_bytes(state / name, source), "bytes/key"),
    ]


def _copy(broker: Broker, broker_pid: int, source: Topic, group: str) -> Measured:
    command = [sys.executable, "-m", "tests.bench.copy_stage", broker.prefix, source.name]
    command += [COPY_TARGETS[source.name], group]
    with _running(command, broker.connection.environment()) as pid:
        return _measure(broker, pid, broker_pid, group, source)


def _lone(broker: Broker, state: Path) -> Figure:
    """How long a record takes from its writing until it is read at the other end, when it comes alone."""
    with (
        running_stage(broker, MODULES[SessionWindowStage], state),
        Probes(broker.connection, broker.prefix, 1, LONE_PER_SECOND) as probes,
    ):
        probes.wait_for_some(LONE_RECORDS)
    delays_ms = [1_000 * each for each in probes.delays_seconds]
    details = {"p99": round(delays_ms[int(len(delays_ms) * 0.99)], 1), "records": len(delays_ms)}
    return Figure("stage/session-window/lone", delays_ms[len(delays_ms) // 2], "ms", details=details)


@contextmanager
def running_stage(broker: Broker, module: str, state: Path) -> Iterator[int]:
    """A stage's process, stopped in good order at the end. Yields its process id."""
    environment = {
        **broker.connection.environment(),
        "PARLEY_DATA_DIR": str(state),
        "PARLEY_TOPIC_PREFIX": broker.prefix,
        "PARLEY_HEALTH_PORT": "0",
        "PARLEY_LOG_LEVEL": "WARNING",
    }
    with _running([sys.executable, "-m", module], environment) as pid:
        yield pid


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def _measure(broker: Broker, pid: int, broker_pid: int, group: str, source: Topic) -> Measured:
    end = broker.end(source)
    pids = {"stage": pid, "broker": broker_pid}
    done = _wait(broker, group, source, int(end * BEGIN_SHARE))
    begun, used = time.monotonic(), cpu_seconds(pids)
    records = _wait(broker, group, source, end) - done
    took, used_then = time.monotonic() - begun, cpu_seconds(pids)
    cost = {each: (used_then[each] - used[each]) / records * 1e6 for each in pids}
    return Measured(records / took, cost["stage"], cost["broker"])


def _wait(broker: Broker, group: str, source: Topic, until: int) -> int:
    """Wait until the group has committed so far; returns how far. Raises ``TimeoutError``."""
    deadline = time.monotonic() + SECONDS_MAX
    while (committed := broker.committed(group, source)) < until:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{group} stands at {committed} of {until}")
        time.sleep(POLL_SECONDS)
    return committed


def _state_bytes(state: Path, source: Topic) -> float:
    """Bytes of all rows over the number of keys that the stage's rules go by."""
    size, owners = 0, set()
    for partition in range(topic(source.name).partitions):
        store = RocksStore(state / f"partition-{partition}")
        for key, value in store.scan(b""):
            if not key.startswith(SETTING_PREFIX):
                size += len(key) + len(value)
                owners.add(key.partition(b"/")[0])
        store.close()
    return size / len(owners)
