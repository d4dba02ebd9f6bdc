"""The model's site: time passes when a test lets it."""

from collections.abc import Callable, Sequence
from random import Random

from services.runtime.log import Log
from services.runtime.record import Record
from tests.simulation.conformance.rig.site import (
    CHANGELOG,
    INPUT,
    OUTPUT,
    REST_SECONDS,
    STAGE,
    TOPICS,
    WAIT_SECONDS,
    Answer,
)
from tests.simulation.kafka_model.cluster import DELETE_RETENTION_MS, HEARTBEAT_MS, ModelCluster
from tests.simulation.kafka_model.model_log import ModelLog
from tests.simulation.kafka_model.trouble import CommitFate, NoTrouble


class CommitLoss(NoTrouble):
    """Loses one commit when told to."""

    next: CommitFate = CommitFate.ANSWERED

    def of_commit(self) -> CommitFate:
        fate, self.next = self.next, CommitFate.ANSWERED
        return fate


class ModelSite:
    """On the model."""

    def __init__(self) -> None:
        self._losses = CommitLoss()
        topics = {each.name: each for each in TOPICS}
        self._cluster = ModelCluster(Random(7), 1_700_000_000_000, topics)  # noqa: S311 - repeatable on purpose

    def log(self, ordinal: int = 0) -> ModelLog:
        return ModelLog(self._cluster, STAGE, ordinal, INPUT, CHANGELOG, self._losses)

    def now_ms(self) -> int:
        return self._cluster.now_ms

    def write(self, partition: int, key: bytes, at_ms: int | None = None) -> None:
        at_ms = self.now_ms() if at_ms is None else at_ms
        self._cluster.append(INPUT.name, partition, key, b"value", at_ms, [("name", b"header")])

    def retain_from(self, partition: int, offset: int) -> None:
        self._cluster.partition(INPUT.name, partition).retain_from(offset)

    def outputs(self, partition: int) -> list[bytes]:
        return [entry.key for entry in self._cluster.partition(OUTPUT.name, partition).committed(0)]

    def written(self, partition: int) -> int:
        return self._cluster.partition(OUTPUT.name, partition).end

    def expel(self, log: Log) -> None:
        assert isinstance(log, ModelLog)
        assert log.member is not None
        self._cluster.group(STAGE, INPUT.name).leave(log.member)

    def silence(self, log: Log) -> None:
        assert isinstance(log, ModelLog)
        assert log.member is not None
        log.member.silent = True

    def let_speak(self, log: Log) -> None:
        assert isinstance(log, ModelLog)
        assert log.member is not None
        log.member.silent = False

    def lose_commit(self, log: Log, *, arrives: bool) -> None:
        assert isinstance(log, ModelLog)
        self._losses.next = CommitFate.ANSWER_LOST if arrives else CommitFate.REQUEST_LOST

    def compact(self, partition: int, until: Callable[[], bool]) -> None:
        log = self._cluster.partition(CHANGELOG.name, partition)
        log.compact(log.end, self.now_ms(), DELETE_RETENTION_MS)
        assert until()

    def poll_while(self, log: Log, action: Callable[[], object], until: Callable[[], bool]) -> list[Record]:
        action()
        self._cluster.advance(HEARTBEAT_MS)
        records = log.poll(100, 0)
        assert until(), "nothing came in between"
        return records

    def while_it_waits(self, question: Callable[[], Answer], action: Callable[[], object]) -> Answer:
        waited = []
        self._cluster.meanwhile = lambda: waited.append(action())
        answer = question()
        assert waited, "the answer came without waiting"
        return answer

    def settle(self, logs: Sequence[Log], until: Callable[[], bool]) -> list[Record]:
        records: list[Record] = []
        deadline_ms = self.now_ms() + int(WAIT_SECONDS * 1_000)
        while not until():
            assert self.now_ms() < deadline_ms, "it never comes about"
            for log in logs:
                records += log.poll(100, 0)
            self._cluster.background()
        return records

    def rest(self, logs: Sequence[Log]) -> None:
        over_ms = self.now_ms() + int(REST_SECONDS * 1_000)
        self.settle(logs, lambda: self.now_ms() >= over_ms)

    def until(self, holds: Callable[[], bool]) -> None:
        self.settle([], holds)

    def died(self, log: Log) -> None:
        pass

    def close(self) -> None:
        pass
