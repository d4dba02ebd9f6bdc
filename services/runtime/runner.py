"""A stage's loop: read what is there, apply it in memory, commit all its effect in one transaction, store it.

Input offsets, outputs and state changes are in the same transaction, and the store is written after it. So a
crash at any point leaves either nothing of a batch or all of it, with a store that is at most behind, which
the restore sees. On any doubt the loop gives the batch up and reads it again, or ends the process without
touching the store.
"""

import time
from collections import deque
from collections.abc import Callable

import structlog

from services.contracts.catalogue import Topic
from services.contracts.headers import KIND, Headers, header
from services.contracts.placement import partition_of
from services.runtime.assignment import StageAssignment
from services.runtime.batch import BatchLimits
from services.runtime.batch_writer import BatchWriter
from services.runtime.clock import Clock
from services.runtime.dead_letters import DeadLetters, PartitionMustStop
from services.runtime.log import (
    Company,
    Log,
    LogError,
    LogUnavailable,
    OutcomeUnknown,
    RecordRejected,
    TransactionFailed,
)
from services.runtime.metrics import StageMetrics
from services.runtime.partition import OutOfOrder, Partition, TimerFailed
from services.runtime.points import Observe, Point, observe_nothing
from services.runtime.record import Record
from services.runtime.restore import stamp
from services.runtime.stage import Stage
from services.runtime.stage_exit import StageMustExit
from services.runtime.stopped import StoppedPartitions
from services.runtime.store import Store, StoreFailed
from services.runtime.suspects import Suspects
from services.runtime.ticks import Ticker

PAUSE_SECONDS = 0.01
PAUSE_SECONDS_MAX = 1.0
"""Wait before a batch that failed is tried again; doubles from the first to the last."""
TIME_CHECK_RECORDS = 64
GAUGES_EVERY_MS = 1_000

log = structlog.get_logger()


class StageRunner:
    """Runs one stage over one log. For one thread.

    Every method may raise :class:`StageMustExit`: then the process ends, without ``close``.
    """

    def __init__(
        self,
        stage: Stage,
        kafka: Log,
        open_store: Callable[[int], Store],
        clock: Clock,
        dead_letters: DeadLetters,
        metrics: StageMetrics,
        *,
        limits: BatchLimits = BatchLimits(),  # noqa: B008 - an immutable tuple
        place: Callable[[Topic, bytes], int] = partition_of,
        observe: Observe = observe_nothing,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing happens before ``start``. ``open_store`` is given the number of a partition."""
        self._stage = stage
        self._log = kafka
        self._clock = clock
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._limits = limits
        self._observe = observe
        self._pause = pause
        self._assignment = StageAssignment(stage, kafka, open_store, clock, metrics, observe)
        self._writer = BatchWriter(stage.changelog, kafka, place, observe)
        self._ticker = Ticker(stage.input, kafka, clock)
        self._suspects = Suspects()
        self._pending: deque[Record] = deque()
        self._batch: list[Record] = []
        self._touched: dict[int, Partition] = {}
        self._stopped = StoppedPartitions(self._assignment.partitions, clock)
        self._failures = 0
        self._gauges_at_ms = 0
        self._committed_batch_began_ms = 0
        self._can_wait_kinds = frozenset(kind.encode() for kind in stage.pace.can_wait)

    @property
    def partitions(self) -> dict[int, Partition]:
        """The partitions that are ours; other threads may look them up and ``read`` rows."""
        return self._assignment.partitions

    @property
    def joined(self) -> bool:
        """Whether the group has given this member its share, which may be none."""
        return self._assignment.joined

    @property
    def stopped_because(self) -> list[str]:
        """Why partitions of ours stand, a sentence for each; the others go on."""
        return self._stopped.reasons

    def start(self) -> None:
        """Join the group. Raises LogUnavailable while no broker answers: call it again."""
        try:
            self._log.subscribe(self._assignment)
        except LogUnavailable:
            raise
        except LogError as error:
            raise StageMustExit(f"{type(error).__name__}: {error}") from error

    def turn(self, timeout_seconds: float) -> int:
        """Poll, unless records are left over, and run one batch; says how many records it committed.

        Waits up to ``timeout_seconds`` for a first record.
        """
        try:
            if not self._pending:
                self._keep_pace()
                self._poll(timeout_seconds)
            done = self._run_batch() if self._pending else 0
            self._between_batches()
        except OutcomeUnknown as error:
            raise StageMustExit(f"whether a batch is committed cannot be told: {error}") from error
        except (LogError, StoreFailed, TimerFailed, OutOfOrder) as error:
            raise StageMustExit(f"{type(error).__name__}: {error}") from error
        return done

    def close(self) -> None:
        """Give the partitions back and close the stores; what is not committed is read again next time."""
        try:
            self._log.close()
        except LogError as error:
            raise StageMustExit(f"{type(error).__name__}: {error}") from error
        finally:
            self._assignment.close()

    def _keep_pace(self) -> None:
        """Let records gather for the next batch, unless the last one that was committed began long ago."""
        wait_ms = self._left_ms(self._stage.pace.milliseconds)
        if wait_ms > 0:
            self._pause(wait_ms / 1_000)

    def _poll(self, timeout_seconds: float) -> None:
        wait_ms = self._left_ms(self._stage.pace.can_wait_milliseconds) if self._can_wait_kinds else 0
        company = Company(wait_ms / 1_000, self._can_wait) if wait_ms > 0 else None
        limit = self._suspects.limit(self._limits.records, self.partitions)
        records = self._log.poll(limit, timeout_seconds, company)
        self._stopped.polled()
        if records:
            self._pending.extend(records)
            self._observe(Point.POLLED)

    def _left_ms(self, pace_ms: int) -> int:
        """Milliseconds that are left of a pace since the last batch began; a clock that jumps adds none."""
        return min(self._committed_batch_began_ms + pace_ms - self._clock(), pace_ms)

    def _can_wait(self, headers: Headers) -> bool:
        return header(headers, KIND) in self._can_wait_kinds

    def _run_batch(self) -> int:
        began_ms = self._clock()
        self._batch = []
        self._touched = {}
        with self._metrics.batch.time():
            self._apply()
        self._observe(Point.APPLIED)
        if self._touched and not self._commit():
            return 0
        self._committed_batch_began_ms = began_ms
        for number in self._stopped.numbers:
            self._suspects.forget(number)
        return len(self._batch)

    def _commit(self) -> bool:
        """False when the batch was given up."""
        metas = {number: partition.meta() for number, partition in self._touched.items()}
        try:
            with self._metrics.commit.time():
                changelog_offsets = self._writer.write(self._touched, metas)
        except TransactionFailed as error:
            self._give_up(error)
            self._pause(min(PAUSE_SECONDS * 2**self._failures, PAUSE_SECONDS_MAX))
            self._failures += 1
            return False
        except RecordRejected as error:
            self._suspects.refused(self._batch, error)
            self._give_up(error)
            return False
        self._observe(Point.COMMITTED)
        self._failures = 0
        self._count()
        with self._metrics.store.time():
            for number, partition in self._touched.items():
                changelog = self._assignment.changelogs[number]
                stamp(metas[number], number, changelog, changelog_offsets[number], self._clock())
                partition.commit(metas[number])
        self._observe(Point.STORED)
        self._suspects.committed({number: each.next_offset for number, each in self._touched.items()})
        return True

    def _apply(self) -> None:
        limits, pending, batch, partitions = self._limits, self._pending, self._batch, self.partitions
        stopped = self._stopped.numbers
        ends_at_ms = self._clock() + limits.milliseconds
        size = 0
        while pending and len(batch) < limits.records and size < limits.bytes:
            record = pending[0]
            if record.partition in stopped:
                self._stopped.drop(record.partition)
                pending.popleft()
                continue
            partition = self._touched[record.partition] = partitions[record.partition]
            if not self._apply_one(partition, record):
                if record.partition in stopped:
                    continue
                return
            pending.popleft()
            batch.append(record)
            size += len(record.value or b"")
            if not len(batch) % TIME_CHECK_RECORDS and self._clock() > ends_at_ms:
                return

    def _apply_one(self, partition: Partition, record: Record) -> bool:
        """False when the record is to be tried again after a commit, or its partition is stopping."""
        try:
            if not self._suspects.culprits or (refused := self._suspects.verdict(record)) is None:
                return partition.step(record)
            error: Exception = refused
        except (StoreFailed, TimerFailed, OutOfOrder, MemoryError):
            raise
        except Exception as failure:  # noqa: BLE001 - whatever a stage raises is about this record
            error = failure
        try:
            outputs = self._dead_letters.set_aside(record, error)
        except PartitionMustStop as stop:
            # What precedes it is still committed, here and in other partitions.
            self._stopped.add(record.partition, str(stop))
            return False
        log.warning(
            "a record is set aside", offset=record.offset, partition=record.partition, error=repr(error)
        )
        self._metrics.set_aside.inc()
        self._observe(Point.SET_ASIDE)
        return partition.skip(record, outputs)

    def _give_up(self, error: Exception) -> None:
        """The transaction is aborted: forget the batch, and have it read again."""
        for partition in self._touched.values():
            partition.rollback()
        self._pending.clear()
        self._stopped.given_up(self._touched)
        self._log.rewind({number: each.next_offset for number, each in self.partitions.items()})
        self._metrics.aborts.inc()
        log.warning("a batch is aborted and will be tried again", reason=str(error))
        self._observe(Point.ABORTED)

    def _between_batches(self) -> None:
        if self._pending:
            return
        self._stopped.complain()
        stopped = self._stopped.numbers
        going = {number: each for number, each in self.partitions.items() if number not in stopped}
        for _ in range(self._ticker.tick(going)):
            self._metrics.ticks.inc()
            self._observe(Point.TICKED)
        now_ms = self._clock()
        if now_ms - self._gauges_at_ms >= GAUGES_EVERY_MS:
            self._gauges_at_ms = now_ms
            for number, partition in self.partitions.items():
                self._metrics.lag.labels(number).set(self._log.lag(number) + self._stopped.dropped(number))
                self._metrics.stopped.labels(number).set(number in stopped)
                self._metrics.stage_time.labels(number).set(partition.stage_time_ms / 1000)

    def _count(self) -> None:
        self._metrics.transactions.inc()
        self._metrics.records.inc(len(self._batch))
        for partition in self._touched.values():
            self._metrics.outputs.inc(len(partition.outputs))
            self._metrics.changes.inc(partition.change_count)
