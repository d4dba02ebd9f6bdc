"""The runner that a test turns by hand."""

from collections import defaultdict

from prometheus_client import CollectorRegistry

from parley.runtime.v1 import runtime_pb2
from parley.window.v1 import windows_pb2
from services.runtime.batch import BatchLimits, Pace
from services.runtime.dead_letters import DeadLetters
from services.runtime.memory_store import MemoryStore
from services.runtime.metrics import StageMetrics
from services.runtime.points import Point
from services.runtime.record import Record
from services.runtime.runner import StageRunner
from tests.unit.runtime.counting_stage import CountingStage, record
from tests.unit.runtime.memory_log import MemoryLog

NOW_MS = 1_000_000
BAD = record(1, "invariant")


class Rig:
    """A runner with a log and stores in memory, and a clock that stands."""

    def __init__(
        self,
        limits: BatchLimits | None = None,
        per_minute: int = 100,
        pace: Pace = Pace(0),  # noqa: B008 - a tuple
    ) -> None:
        self.log = MemoryLog()
        self.stores: dict[int, MemoryStore] = defaultdict(MemoryStore)
        self.points: list[Point] = []
        self.pauses: list[float] = []
        self.registry = CollectorRegistry()
        self.now_ms = NOW_MS
        stage = CountingStage()
        stage.pace = pace
        self.runner = StageRunner(
            stage,
            self.log,
            self.stores.__getitem__,
            lambda: self.now_ms,
            DeadLetters(stage.name, stage.input, lambda: self.now_ms, per_minute),
            StageMetrics(stage.name, self.registry),
            limits=limits or BatchLimits(),
            observe=self.points.append,
            pause=self.pauses.append,
        )
        self.runner.start()
        self.log.assign(0, 1)
        self.points.clear()

    def drain(self) -> None:
        """Turn until all input is done."""
        for _ in range(1_000):
            if not self.runner.turn(0) and all(
                self.log.caught_up(number) for number in self.runner.partitions
            ):
                return
        raise AssertionError("the input does not come to an end")

    def counts(self) -> list[int]:
        """The counts told, in order of partition and offset."""
        return [
            event.opened_at_ms for event in map(windows_pb2.WindowEvent.FromString, self.values("windows"))
        ]

    def values(self, topic: str) -> list[bytes]:
        return [value for value in self.log.values(topic) if value is not None]

    def letters(self) -> list[runtime_pb2.DeadLettered]:
        return [runtime_pb2.DeadLettered.FromString(value) for value in self.values("dead-letters")]

    def store_meta(self, partition: int = 0) -> runtime_pb2.StateMeta | None:
        return self.stores[partition].meta()


def bad(kind: str, **headers: bytes) -> Record:
    """A record that breaks an invariant, of a kind."""
    named = {"parley-kind": kind.encode(), "parley-message-id": b"wamid.1", **headers}
    return BAD._replace(headers=[(name.replace("_", "-"), value) for name, value in named.items() if value])
