"""The log port in memory, for one member and one process: enough for the loop's own decisions.

It keeps transactions apart and can be told to fail; it knows no groups, no fencing by others and no time.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from services.contracts.headers import Headers
from services.runtime.log import (
    AssignmentListener,
    ChangelogPiece,
    ChangelogRecord,
    ChangelogTopic,
    Company,
    RecordRejected,
)
from services.runtime.record import Record
from tests.unit.runtime.counting_stage import INPUT_TOPIC

CHANGELOG = ChangelogTopic("cluster-1", "topic-1", 86_400_000)
COMMITTED, OPEN, GONE = "committed", "open", "gone"
"""States of an entry; gone is an aborted record or a marker, which takes an offset."""


@dataclass
class Entry:
    """One offset of a partition."""

    key: bytes
    value: bytes | None
    timestamp_ms: int = 0
    headers: Sequence[tuple[str, bytes]] = ()
    state: str = COMMITTED


class MemoryLog:
    """``fail`` holds, by method name, what that method raises next."""

    def __init__(self, changelog: str = "session-window-changelog") -> None:
        self._changelog_name = changelog
        self.topics: dict[tuple[str, int], list[Entry]] = defaultdict(list)
        self.inputs: dict[int, list[Record]] = defaultdict(list)
        self.offsets: dict[int, int] = {}
        self.starts: dict[int, int] = {}
        self.fail: dict[str, deque[Exception]] = defaultdict(deque)
        self.rejects: Callable[[str, bytes], bool] = lambda _topic, _value: False
        """What ``produce`` refuses."""
        self.identity = CHANGELOG
        self.calls: list[str] = []
        self.ticks: list[tuple[int, int]] = []
        self.limits: list[int] = []
        self.companies: list[Company | None] = []
        self._listener: AssignmentListener | None = None
        self._next: dict[int, int] = {}
        self._open: list[tuple[str, int, Entry]] = []
        self._open_offsets: dict[int, int] = {}
        self._metas: dict[int, int] = {}

    # What a test does

    def assign(self, *partitions: int) -> None:
        assert self._listener is not None
        self._next.update(self._listener.assigned(partitions))

    def revoke(self, *partitions: int) -> None:
        assert self._listener is not None
        self._listener.revoked(partitions)
        for partition in partitions:
            del self._next[partition]

    def give(self, *records: Record) -> None:
        for record in records:
            self.inputs[record.partition].append(record)

    def values(self, topic: str, partition: int | None = None) -> list[bytes | None]:
        """Committed values of a topic."""
        return [
            entry.value
            for (name, number), entries in sorted(self.topics.items())
            for entry in entries
            if name == topic and partition in (None, number) and entry.state == COMMITTED
        ]

    def changelog_entries(self, partition: int = 0) -> list[Entry]:
        return self.topics[self._changelog_name, partition]

    # The port

    def subscribe(self, listener: AssignmentListener) -> None:
        self._call("subscribe")
        self._listener = listener

    def poll(self, max_records: int, _: float, company: Company | None = None) -> list[Record]:
        self._call("poll")
        self.companies.append(company)
        self.limits.append(max_records)
        found = [
            record
            for partition, position in self._next.items()
            for record in self.inputs[partition]
            if record.offset >= position
        ][:max_records]
        for record in found:
            self._next[record.partition] = record.offset + 1
        return found

    def rewind(self, next_offsets: Mapping[int, int]) -> None:
        self._call("rewind")
        self._next.update(next_offsets)

    def caught_up(self, partition: int) -> bool:
        return all(record.offset < self._next[partition] for record in self.inputs[partition])

    def lag(self, partition: int) -> int:
        return sum(record.offset >= self._next[partition] for record in self.inputs[partition])

    def reachable(self) -> bool:
        return True

    def begin(self) -> None:
        self._call("begin")
        self._metas = {}

    def produce(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
    ) -> None:
        self._call("produce")
        if value is not None and self.rejects(topic, value):
            raise RecordRejected("Message size too large")
        entry = Entry(key, value, timestamp_ms, tuple(headers), OPEN)
        self.topics[topic, partition].append(entry)
        self._open.append((topic, partition, entry))

    def produce_meta(self, partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        self.produce(self._changelog_name, partition, key, value, timestamp_ms, [])
        self._metas[partition] = len(self.changelog_entries(partition))

    def send_offsets(self, next_offsets: Mapping[int, int]) -> None:
        self._call("send_offsets")
        self._open_offsets = dict(next_offsets)

    def commit(self) -> Mapping[int, int]:
        self._call("commit")
        self.offsets.update(self._open_offsets)
        self._end(COMMITTED)
        return self._metas

    def abort(self) -> None:
        self._call("abort")
        self._end(GONE)

    def append(self, partition: int, _: bytes, value: bytes, timestamp_ms: int, headers: Headers) -> None:
        self._call("append")
        self.ticks.append((partition, timestamp_ms))
        offset = max((record.offset for record in self.inputs[partition]), default=-1) + 1
        self.give(Record(INPUT_TOPIC, partition, offset, b"", value, timestamp_ms, headers))

    def committed(self, partition: int) -> int | None:
        self._call("committed")
        return self.offsets.get(partition)

    def input_start(self, partition: int) -> int:
        return self.starts.get(partition, 0)

    def changelog(self) -> ChangelogTopic:
        return self.identity

    def changelog_end(self, partition: int) -> int:
        self._call("changelog_end")
        return len(self.changelog_entries(partition))

    def read_changelog(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
        self._call(f"read_changelog from {start}")
        entries = self.changelog_entries(partition)
        while True:
            states = [entry.state for entry in entries]
            stable = states.index(OPEN) if OPEN in states else len(entries)
            end = max(start, min(stable, start + 2))
            yield ChangelogPiece(
                [
                    ChangelogRecord(each.key, each.value)
                    for each in entries[start:end]
                    if each.state == COMMITTED
                ],
                end,
            )
            start = end

    def close(self) -> None:
        self._call("close")

    def _end(self, state: str) -> None:
        for topic, partition in {(topic, partition) for topic, partition, _ in self._open}:
            self.topics[topic, partition].append(Entry(b"", None, state=GONE))
        for _, _, entry in self._open:
            entry.state = state
        self._open = []
        self._open_offsets = {}

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.fail[name]:
            raise self.fail[name].popleft()
