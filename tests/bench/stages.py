"""Each stage alone on a backlog of realistic records, beside a bare copy of the same records.

The backlog is shown at once when all members have their partitions, and the rate is taken between five and a
hundred per cent of it. The broker has copied a backlog before anything is measured: a Java process is slow in
its first minute.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
from tests.line.stages import Line

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
    """What all members did with a backlog."""

    records_per_second: float
    cpu_us_per_record: float
    broker_cpu_us_per_record: float

    @property
    def details(self) -> dict[str, float]:
        """CPU of the stage's processes, and of the broker."""
        return {
            "us/record": round(self.cpu_us_per_record, 1),
            "broker us/record": round(self.broker_cpu_us_per_record, 1),
        }


async def stages(console: Console) -> list[Figure]:
    """All figures named ``stage/…``; takes about four minutes."""
    with TemporaryDirectory(prefix="parley-bench-") as directory:
        with console.status(f"judging {CONVERSATIONS:,} conversations"):
            line = await asyncio.to_thread(backlog, CONVERSATIONS, wall_clock_ms())
        with EmbeddedKafka(Path(directory) / "kafka") as kafka:
            bench = _Bench(kafka, line, Path(directory), console)
            bench.warm_up()
            figures = [figure for make, module in MODULES.items() for figure in bench.figures(make(), module)]
            with console.status("lone records"):
                return [*figures, _lone(Broker(kafka.connection(), "bench-lone."), Path(directory) / "lone")]


class _Bench:
    def __init__(self, kafka: EmbeddedKafka, line: Line, directory: Path, console: Console) -> None:
        self._kafka = kafka
        self._line = line
        self._directory = directory
        self._console = console

    def warm_up(self) -> None:
        self._copy("warm-up", SessionWindowStage.input)

    def figures(self, stage: Stage, module: str) -> list[Figure]:
        """What a bare copy does, what the stage does alone, and what two members of it do.

        A topic of one partition has work for one member: then there is no second figure.
        """
        copied = self._copy(stage.name, stage.input)
        one = self._stage(stage, module, 1)
        name, ceiling = f"stage/{stage.name}", copied.records_per_second
        state = self._state(1) / "0" / stage.name
        measured = [
            Figure(name, one.records_per_second, "records/s", ceiling, one.details),
            Figure(f"{name}/cpu", one.cpu_us_per_record, "us/record", copied.cpu_us_per_record),
            Figure(f"{name}/state", _state_bytes(state, stage.input), "bytes/key"),
        ]
        if stage.input.partitions > 1:
            two = self._stage(stage, module, 2)
            figure = Figure(f"{name}/two members", two.records_per_second, "records/s", ceiling, two.details)
            measured.append(figure)
        return measured

    def _stage(self, stage: Stage, module: str, members: int) -> Measured:
        # A stage's outputs are another's input: each run is alone with a backlog of its own.
        broker = Broker(self._kafka.connection(), f"bench-{stage.name}-{members}.")
        with self._console.status(f"{stage.name}, {members} of it"):
            hidden = broker.write(self._line, stage.input)
            with ExitStack() as running:
                state = self._state(members)
                pids = [
                    running.enter_context(running_stage(broker, module, state, ordinal))
                    for ordinal in range(members)
                ]
                broker.wait_for_members(stage.name, stage.input, members)
                hidden.show()
                return _measure(broker, pids, self._kafka.pid, stage.name, stage.input, hidden.records)

    def _copy(self, name: str, source: Topic) -> Measured:
        broker = Broker(self._kafka.connection(), f"bench-{name}-copy.")
        with self._console.status(f"{name}: a bare copy"):
            hidden = broker.write(self._line, source)
            command = [sys.executable, "-m", "tests.bench.copy_stage", broker.prefix, source.name]
            command += [COPY_TARGETS[source.name], "copy"]
            with _running(command, broker.connection.environment()) as pid:
                broker.wait_for_members("copy", source, 1)
                hidden.show()
                return _measure(broker, [pid], self._kafka.pid, "copy", source, hidden.records)

    def _state(self, members: int) -> Path:
        return self._directory / f"state-{members}"


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
def running_stage(broker: Broker, module: str, state: Path, ordinal: int = 0) -> Iterator[int]:
    """A stage's process, stopped in good order at the end. Yields its process id."""
    environment = {
        **broker.connection.environment(),
        "PARLEY_DATA_DIR": str(state / str(ordinal)),
        "PARLEY_ORDINAL": str(ordinal),
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


def _measure(
    broker: Broker, pids: Sequence[int], broker_pid: int, group: str, source: Topic, written: int
) -> Measured:
    done = _wait(broker, group, source, int(written * BEGIN_SHARE))
    begun, used = time.monotonic(), _used(pids, broker_pid)
    records = _wait(broker, group, source, written) - done
    took, used_then = time.monotonic() - begun, _used(pids, broker_pid)
    stage, kafka = ((then - before) / records * 1e6 for before, then in zip(used, used_then, strict=True))
    return Measured(records / took, stage, kafka)


def _used(pids: Sequence[int], broker_pid: int) -> tuple[float, float]:
    """CPU seconds of the stage's processes, and of the broker."""
    *members, broker = cpu_seconds(dict(enumerate([*pids, broker_pid]))).values()
    return sum(members), broker


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
