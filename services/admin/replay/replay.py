"""Runs every stage again over its input, and compares what that makes with what lies in the topics.

The input must reach back to its first record, or to where an earlier replay with the same state directory
stood. What the replay has made and no topic has is no difference: the stage may not have come so far.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from services.admin.replay import books
from services.admin.replay.lanes import Lane, Lanes, Made, lane_of
from services.admin.replay.stage_replay import ReplayedPartition
from services.consent.stage import ConsentStage
from services.contracts.catalogue import Topic
from services.contracts.headers import Headers
from services.contracts.placement import partition_of
from services.delivery.stage import DeliveryStage
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.record import Record
from services.runtime.rocks_store import RocksStore
from services.runtime.stage import Stage
from services.runtime.store import Store
from services.session_window.stage import SessionWindowStage
from services.verifier.records import Cut, LogRecord, Source, TopicPartition

STAGES: tuple[Callable[[], Stage], ...] = (ConsentStage, SessionWindowStage, RateAndBillStage, DeliveryStage)
CUTS = 2
"""The second brings what the first cut apart."""


@dataclass(slots=True)
class Replayed:
    """What a replay has found."""

    lanes: Lanes
    records: int = 0
    """Input records that were applied."""
    unchecked: dict[str, str] = field(default_factory=dict)
    """Why an input partition could not be replayed, by ``topic/partition``."""


def replay(
    source: Source,
    topic_prefix: str,
    state: Path | None = None,
    *,
    drained: bool = False,
    advance: Callable[[int, int], None] | None = None,
    open_store: Callable[[Path], Store] = RocksStore,
) -> Replayed:
    """Replay all stages as far back as can be. Blocks until done.

    ``source`` must give headers. ``state`` is a directory that keeps the stages' states for the next time.
    ``drained`` says that the system is at rest: then what only the replay makes was lost. Raises
    :class:`books.StateTorn`, and what the source and the store raise.
    """
    if state is not None:
        return _Replay(source, topic_prefix, state, open_store, drained, advance, keep=True).run()
    with TemporaryDirectory(prefix="parley-replay-") as scratch:
        return _Replay(source, topic_prefix, Path(scratch), open_store, drained, advance, keep=False).run()


class _Replay:
    def __init__(
        self,
        source: Source,
        topic_prefix: str,
        state: Path,
        open_store: Callable[[Path], Store],
        drained: bool,
        advance: Callable[[int, int], None] | None,
        *,
        keep: bool,
    ) -> None:
        self._source = source
        self._prefix = topic_prefix
        self._state = state
        self._open_store = open_store
        self._drained = drained
        self._advance = advance
        self._keep = keep
        self._stages: dict[TopicPartition, ReplayedPartition] = {}
        self._inputs: dict[str, Topic] = {}
        """By stage."""
        self._positions: dict[TopicPartition, int] = {}
        self._judged: Cut = {}
        """The first cut: what was written up to here has its cause in the second."""
        self._found = Replayed(Lanes())

    def run(self) -> Replayed:
        """Replay what is new, judge, and keep the state."""
        with ExitStack() as stack:
            self._open(stack)
            for _ in range(CUTS):
                cut = self._source.cut()
                self._judged = self._judged or cut
                self._take_cut(cut)
            self._judge()
            if self._keep:
                offsets = {place: each.next_offset for place, each in self._stages.items()}
                books.write(self._state, self._source.identity, self._positions, offsets, self._found.lanes)
        return self._found

    def _open(self, stack: ExitStack) -> None:
        """Open a store for every input partition; all or none goes on from an earlier replay."""
        kept = books.read(self._state, self._source.identity) if self._keep else None
        for make_stage in STAGES:
            stage = make_stage()
            stage_input = self._inputs[stage.name] = stage.input
            for number in range(stage_input.partitions):
                store = self._open_store(self._state / stage_input.name / str(number))
                partition = ReplayedPartition(make_stage, store)
                stack.callback(partition.close)
                self._stages[stage_input.name, number] = partition
        offsets = {place: each.next_offset for place, each in self._stages.items()}
        if kept is not None and kept.next_offsets == offsets:
            self._positions, self._found.lanes = kept.positions, kept.lanes
        elif any(offsets.values()):
            raise books.StateTorn(
                f"The replay's state in {self._state} was left in the middle: delete it to begin anew."
            )

    def _take_cut(self, cut: Cut) -> None:
        self._skip_what_cannot_be_replayed(cut)
        done, left = 0, sum(span.end - self._positions.get(place, span.start) for place, span in cut.items())
        for records in self._source.read(cut, self._positions):
            for record in records:
                self._take(record)
            done += len(records)
            if self._advance is not None:
                self._advance(done, left)
        for partition in self._stages.values():
            partition.commit()
        self._positions = {place: max(span.end, self._positions.get(place, 0)) for place, span in cut.items()}

    def _skip_what_cannot_be_replayed(self, cut: Cut) -> None:
        for place, partition in self._stages.items():
            start = cut[place].start if place in cut else 0
            if start > partition.next_offset:
                partition.stopped = f"what lay before offset {start} has been deleted"
            if partition.stopped is not None:
                self._found.unchecked[f"{place[0]}/{place[1]}"] = partition.stopped

    def _take(self, record: LogRecord) -> None:
        """Hold a record beside the replay's, and give it to the stage whose input it is."""
        headers: Headers = list(record.headers)
        made = Made(record.value, record.timestamp_ms, record.place)
        lane = lane_of(record.topic, record.key, headers, record.value)
        if lane is not None and self._replayable(lane):
            self._found.lanes.written(lane, made)
        partition = self._stages.get((record.topic, record.partition))
        if partition is None or partition.stopped is not None:
            return
        self._found.records += 1
        topic_name, place = self._prefix + record.topic, record.place
        again = Record(
            topic_name, place.partition, place.offset, record.key, record.value, record.timestamp_ms, headers
        )
        for output, at_ms in partition.take(again):
            lane = lane_of(output.topic.name, output.key, output.headers, output.value)
            if lane is not None:
                self._found.lanes.replayed(lane, Made(output.value, at_ms, place))

    def _replayable(self, lane: Lane) -> bool:
        """Whether the partition that leads to this lane is replayed from its beginning."""
        stage_input = self._inputs[lane.stage]
        return self._stages[stage_input.name, partition_of(stage_input, lane.input_key)].stopped is None

    def _judge(self) -> None:
        lanes = self._found.lanes
        for lane, made in list(lanes.only_written()):
            place = made.place
            is_due = place.offset < self._judged[place.topic, place.partition].end
            if not is_due or not self._replayable(lane):
                continue
            lanes.part(lane, made.place, f"The replay of {lane.stage} does not write this record.")
        if self._drained:
            for lane, made in list(lanes.only_replayed()):
                sentence = f"The replay of {lane.stage} writes a record to {lane.topic} that is not there."
                lanes.part(lane, made.place, sentence)
