"""All stages on the runtime's own partitions; each topic is a list of records per partition."""

from collections import defaultdict, deque

from google.protobuf.message import Message

from parley.runtime.v1 import runtime_pb2
from parley.settings.v1 import settings_pb2
from services.consent.stage import ConsentStage
from services.contracts.catalogue import Topic, topic
from services.contracts.headers import Headers, headers_for
from services.contracts.placement import partition_of
from services.contracts.setting_routes import SETTINGS, stage_inputs_of
from services.delivery.stage import DeliveryStage
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import Partition
from services.runtime.record import Record
from services.runtime.stage import Stage
from services.session_window.stage import SessionWindowStage

BATCH = 500
TOGETHER = 100
"""So many of a line's transactions make one of Kafka: behind its records each partition has a marker."""
STAGES: tuple[type[Stage], ...] = (ConsentStage, SessionWindowStage, RateAndBillStage, DeliveryStage)


class Line:
    """Records go in by ``write``; ``run`` lets the stages judge until nothing moves."""

    def __init__(self, together: int = TOGETHER, after: "Line | None" = None) -> None:
        """``together``: how many of the line's transactions leave one marker where they wrote.

        ``after`` is a line whose topics this one goes on, with stages that know nothing of what it judged.
        """
        self.topics: dict[tuple[str, int], list[Record]] = defaultdict(list)
        """Everything written, by topic (without prefix) and partition."""
        self.transactions: list[list[Record]] = []
        """The same in the order in which it was written, together what is written together."""
        self._together = together
        self._ends: dict[tuple[str, int], int] = defaultdict(int)
        self._unmarked: set[tuple[str, int]] = set()
        self._stages: dict[tuple[str, int], tuple[Partition, deque[Record]]] = {}
        for make in STAGES:
            stage = make()
            for number in range(stage.input.partitions):
                self._stages[stage.input.name, number] = Partition(stage, MemoryStore()), deque()
        self._versions: dict[str, int] = {}
        if after is not None:
            after._mark()
            self._ends |= after._ends
            self._versions |= after._versions

    def write(self, target: Topic, key: bytes, event: Message, kind: str, at_ms: int) -> None:
        """Append one record, placed by its key, as a worker would."""
        headers = headers_for(event, kind)
        self._begin()
        self._append(target, partition_of(target, key), key, event.SerializeToString(), at_ms, headers)

    def set(self, setting: settings_pb2.SettingChanged, at_ms: int) -> None:
        """Write a setting as the command does. Its version, and its time where it has none, are filled in."""
        setting.version = self._versions[setting.key] = self._versions.get(setting.key, 0) + 1
        setting.effective_from_ms = setting.effective_from_ms or at_ms
        key, headers = setting.key.encode(), headers_for(setting, "setting_changed")
        self._begin()
        self._append(topic(SETTINGS), 0, key, setting.SerializeToString(), at_ms, headers)
        for target in stage_inputs_of(setting.key):
            value = target.message(setting_changed=setting).SerializeToString()
            for partition in range(target.partitions):
                self._append(target, partition, key, value, at_ms, headers)

    def tick(self, at_ms: int) -> None:
        """Tell every partition of every stage what time it is."""
        self._begin()
        ticked = runtime_pb2.Ticked(at_ms=at_ms)
        for stage_input, number in self._stages:
            target = topic(stage_input)
            value = target.message(ticked=ticked)
            headers = headers_for(value, "ticked")
            self._append(target, number, b"", value.SerializeToString(), at_ms, headers)

    def run(self) -> list[Record]:
        """Let every stage judge what is due, until nothing is; returns what was written meanwhile."""
        made: list[Record] = []
        while busy := [each for each in self._stages.values() if each[1]]:
            for partition, due in busy:
                made += self._step(partition, due)
        return made

    def _step(self, partition: Partition, due: deque[Record]) -> list[Record]:
        """One batch of one partition, as one transaction."""
        for record in [due.popleft() for _ in range(min(BATCH, len(due)))]:
            if not partition.step(record):
                raise RuntimeError("more timers fall due at once than a batch fires: move the time in steps")
        self._begin()
        made = [
            self._append(
                each.topic, partition_of(each.topic, each.key), each.key, each.value, at_ms, each.headers
            )
            for each, at_ms in partition.outputs
        ]
        partition.commit(partition.meta())
        return made

    def _begin(self) -> None:
        """Another transaction begins."""
        if len(self.transactions) % self._together == 0:
            self._mark()
        self.transactions.append([])

    def _mark(self) -> None:
        """The marker of a transaction of Kafka lies behind all that was written since the last one."""
        for place in self._unmarked:
            self._ends[place] += 1
        self._unmarked.clear()

    def _append(
        self, target: Topic, partition: int, key: bytes, value: bytes | None, at_ms: int, headers: Headers
    ) -> Record:
        place = target.name, partition
        record = Record(*place, self._ends[place], key, value, at_ms, headers)
        self._ends[place] += 1
        self._unmarked.add(place)
        self.topics[place].append(record)
        self.transactions[-1].append(record)
        if place in self._stages:
            self._stages[place][1].append(record)
        return record
