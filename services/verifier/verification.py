"""Runs a verification: folds cuts of the topics and judges what they say."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rocksdict import WriteBatch

from services.contracts.placement import partition_of
from services.verifier import store
from services.verifier.ageing import Ageing
from services.verifier.collector import collecting_seldom
from services.verifier.findings import Findings
from services.verifier.folds import (
    consents,
    dead_letters,
    dispatch,
    inbox,
    intake,
    ledger,
    outbox,
    screened,
    settings,
    statuses,
    usage,
    windows,
)
from services.verifier.folds.reading import Unreadable
from services.verifier.invariants import unread
from services.verifier.judging import Judging
from services.verifier.known import Known
from services.verifier.records import Cut, LogRecord, Source, TopicPartition

FOLDS: dict[str, Callable[[LogRecord, Known], None]] = {
    "consents": consents.fold,
    "dead-letters": dead_letters.fold,
    "dispatch": dispatch.fold,
    "inbox": inbox.fold,
    "intake": intake.fold,
    "ledger": ledger.fold,
    "outbox": outbox.fold,
    "screened": screened.fold,
    "settings": settings.fold,
    "statuses": statuses.fold,
    "usage": usage.fold,
    "windows": windows.fold,
}
CUTS = 2
"""A message is judged for what is missing when a whole cut has brought no news of it. So two are read: the
second is short, and what moved in it is under way."""
ROUND_RECORDS = 50_000
"""Records after which what was not in use leaves the memory."""
Advance = Callable[[int, int], None]
"""Told now and then: records folded so far, and about how many the cut holds."""


def verify(
    source: Source,
    state: Path | None = None,
    *,
    drained: bool = False,
    advance: Advance | None = None,
    round_records: int = ROUND_RECORDS,
    scratch: Path | None = None,
) -> Findings:
    """Read what is new in the topics and judge all that is known. Blocks until done.

    ``state`` is a directory that remembers everything for the next time; without it, all is read, and a
    directory in ``scratch`` (the system's own where none is named) serves for the time being. ``drained``
    says that the system is at rest, so that what is not finished is lost. Raises
    :class:`store.StateUnusable`, and what the source raises.
    """
    if state is not None:
        return _Verification(source, state, drained, advance, round_records, keep=True).run()
    with TemporaryDirectory(prefix="parley-verify-", dir=scratch) as directory:
        return _Verification(source, Path(directory), drained, advance, round_records, keep=False).run()


class _Verification:
    """One run over the topics."""

    def __init__(
        self,
        source: Source,
        state: Path,
        drained: bool,
        advance: Advance | None,
        round_records: int,
        *,
        keep: bool,
    ) -> None:
        self._source = source
        self._keep = keep
        self._advance = advance
        self._round_records = round_records
        self._since_round = 0
        self._cut: Cut = {}
        self._db = store.open_db(state)
        self._known = Known(self._db, drained=drained)
        self._ageing = Ageing(self._db)
        self._judging = Judging(self._known, self._ageing)

    def run(self) -> Findings:
        """Fold all cuts and judge."""
        try:
            if self._keep:
                store.load(self._known, self._db, self._source.identity)
            with collecting_seldom():
                for _ in range(CUTS):
                    self._take_cut(self._source.cut())
            return self._known.findings
        finally:
            self._db.close()

    def _take_cut(self, cut: Cut) -> None:
        """Fold all up to the cut, then judge what it can judge."""
        self._cut = cut
        known = self._known
        known.cut_number += 1
        unread.check_tails(cut, known)
        known.in_view.begin_cut(cut, known.positions)
        folded, offsets = 0, sum(self._left(cut).values())
        for records in self._source.read(cut, known.positions):
            self._fold(records)
            folded += len(records)
            if self._advance is not None:
                self._advance(folded, offsets)
        known.positions.update(
            {place: known.positions.get(place, 0) + left for place, left in self._left(cut).items()}
        )
        batch = WriteBatch(raw_mode=True)
        self._judging.judge_all(batch)
        unread.judge(known)
        known.progress.end_cut()
        if self._keep:
            self._end_round(batch)
        else:
            self._db.write(batch)

    def _read_up_to(self) -> tuple[int, int]:
        """The newest time read, and the time up to which every partition has been read."""
        times, left = self._known.stage_time_ms, self._left(self._cut)
        newest_ms = max(times.values(), default=0)
        return newest_ms, min(
            (times.get(place, 0) for place, count in left.items() if count), default=newest_ms
        )

    def _left(self, cut: Cut) -> dict[TopicPartition, int]:
        positions = self._known.positions
        return {place: max(span.end - positions.get(place, 0), 0) for place, span in cut.items()}

    def _fold(self, records: Sequence[LogRecord]) -> None:
        """Take in records of one topic."""
        known, topic = self._known, records[0].topic
        fold, placed = FOLDS[topic], unread.placed_by_key(topic)
        times, positions = known.stage_time_ms, known.positions
        known.findings.records[topic] += len(records)
        for record in records:
            place, at_ms = (topic, record.partition), record.timestamp_ms
            if at_ms > times.get(place, -1):
                times[place] = at_ms
                known.in_view.note(place, at_ms)
            if placed is not None and partition_of(placed, record.key) != record.partition:
                unread.check_misplaced(record, known)
            try:
                fold(record, known)
            except Unreadable:
                known.unreadable.append(record.place)
            positions[place] = record.offset + 1
        self._since_round += len(records)
        if self._since_round >= self._round_records:
            batch = WriteBatch(raw_mode=True)
            self._judging.settle_unused(batch)
            self._end_round(batch)

    def _end_round(self, batch: WriteBatch) -> None:
        """Let go what has not been in use, and store it, with all that belongs to the same moment."""
        self._since_round = 0
        self._ageing.advance(*self._read_up_to())
        for table in self._known.tables:
            table.end_round(batch, keep=self._keep)
        self._judging.drop_old(batch)
        if self._keep:
            store.save(self._known, batch, self._source.identity)
        self._db.write(batch)
