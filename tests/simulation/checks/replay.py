"""Replaying each stage's whole input gives the outputs and the state that it came to, whatever befell it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from parley.runtime.v1 import runtime_pb2
from services.contracts.headers import CONVERSATION, Headers, header
from services.runtime.dead_letters import DeadLetters, PartitionMustStop
from services.runtime.partition import META_KEY, Partition
from services.runtime.record import Record
from services.runtime.stage import Stage
from tests.simulation.disks import CopiedStore
from tests.simulation.kafka_model.cluster import PREFIX, ModelCluster
from tests.simulation.parts import Parts
from tests.simulation.topology import TOPICS

COMMIT_EVERY = 7
"""Records in a batch of the replay: other cuts than those of the run."""

Lane = tuple[str, bytes, bytes]
"""Topic, key, and in usage the conversation: one stage writes a lane from one partition of its input."""


class Written(NamedTuple):
    """What must be the same each time."""

    value: bytes | None
    timestamp_ms: int
    headers: Headers


Lanes = dict[Lane, list[Written]]


def violations(cluster: ModelCluster, parts: Parts) -> Iterator[str]:
    """What differs, one sentence each."""
    written = _written_by_stage(cluster)
    for name, make_stage in parts.stages.items():
        stage, replayed = make_stage(), Lanes()
        for number in range(TOPICS[stage.input.name].partitions):
            store = _replay(cluster, stage, number, replayed)
            yield from _state_differs(cluster, stage, number, store)
        yield from _outputs_differ(name, written.get(name, {}), replayed)


def _written_by_stage(cluster: ModelCluster) -> dict[str, Lanes]:
    written: dict[str, Lanes] = defaultdict(Lanes)
    for (topic, _), log in cluster.logs.items():
        if topic.endswith("-changelog"):
            continue
        for entry in log.history:
            if entry.is_committed and entry.transaction is not None:
                lanes = written[entry.writer.rpartition("-")[0]]
                one = Written(entry.value, entry.timestamp_ms, entry.headers)
                lanes.setdefault(_lane(topic, entry.key, entry.headers), []).append(one)
    return written


def _replay(cluster: ModelCluster, stage: Stage, number: int, replayed: Lanes) -> CopiedStore:
    store = CopiedStore()
    partition = Partition(stage, store)
    dead_letters = DeadLetters(stage.name, stage.input, lambda: 0)
    # A record that stops the partition ends it here too: the checks of the run's end name it.
    with suppress(PartitionMustStop):
        for count, record in enumerate(_input(cluster, stage, number), 1):
            while not _apply(partition, dead_letters, record):
                _commit(partition, replayed)
            if not count % COMMIT_EVERY:
                _commit(partition, replayed)
    _commit(partition, replayed)
    return store


def _input(cluster: ModelCluster, stage: Stage, number: int) -> Iterator[Record]:
    topic = stage.input.name
    for offset, key, value, timestamp_ms, headers, _ in cluster.partition(topic, number).committed(0):
        yield Record(PREFIX + topic, number, offset, key, value, timestamp_ms, [*headers])


def _apply(partition: Partition, dead_letters: DeadLetters, record: Record) -> bool:
    try:
        return partition.step(record)
    except Exception as error:  # noqa: BLE001 - as the loop does
        return partition.skip(record, dead_letters.set_aside(record, error))


def _commit(partition: Partition, replayed: Lanes) -> None:
    for output, timestamp_ms in partition.outputs:
        one = Written(output.value, timestamp_ms, output.headers)
        replayed.setdefault(_lane(output.topic.name, output.key, output.headers), []).append(one)
    partition.commit(partition.meta())


def _lane(topic: str, key: bytes, headers: Headers) -> Lane:
    return topic, key, (header(headers, CONVERSATION) or b"") if topic == "usage" else b""


def _outputs_differ(stage: str, written: Lanes, replayed: Lanes) -> Iterator[str]:
    if written == replayed:
        return
    for lane in sorted(written.keys() | replayed.keys()):
        was, now = written.get(lane, []), replayed.get(lane, [])
        if was != now:
            same = sum(1 for _ in _common(was, now))
            yield (
                f"{stage} wrote {len(was)} records to {lane[0]} under {lane[1]!r}, its replay {len(now)}; "
                f"they differ from number {same} on"
            )


def _common(was: list[Written], now: list[Written]) -> Iterator[Written]:
    for one, other in zip(was, now, strict=False):
        if one != other:
            return
        yield one


def _state_differs(cluster: ModelCluster, stage: Stage, number: int, store: CopiedStore) -> Iterator[str]:
    """Compare what the changelog has come to with what the replay has."""
    rows = {
        entry.key: entry.value
        for entry in cluster.partition(stage.changelog.name, number).history
        if entry.is_committed
    }
    written, replayed = rows.pop(META_KEY, None), store.meta()
    assert replayed is not None
    meta = runtime_pb2.StateMeta() if written is None else runtime_pb2.StateMeta.FromString(written)
    if (meta.next_offset, meta.stage_time_ms) != (replayed.next_offset, replayed.stage_time_ms):
        yield (
            f"{stage.name}/{number} stands at offset {meta.next_offset}, time {meta.stage_time_ms}; "
            f"its replay at {replayed.next_offset}, {replayed.stage_time_ms}"
        )
    kept = {key: value for key, value in rows.items() if value is not None}
    made = store.content()
    if kept != made:
        differ = sorted(key for key in kept.keys() | made.keys() if kept.get(key) != made.get(key))
        yield f"{stage.name}/{number} has other rows than its replay: {differ[:3]}"
