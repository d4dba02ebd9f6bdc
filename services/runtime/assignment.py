"""The input partitions that are ours, each with its state restored."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from services.runtime.clock import Clock
from services.runtime.log import ChangelogTopic, Log
from services.runtime.metrics import StageMetrics
from services.runtime.partition import Partition
from services.runtime.points import Observe, Point
from services.runtime.restore import restore
from services.runtime.stage import Stage
from services.runtime.store import Store

log = structlog.get_logger()


class StageAssignment:
    """Restores what the log assigns, and closes what it takes away. The log calls it between batches only."""

    def __init__(
        self,
        stage: Stage,
        kafka: Log,
        open_store: Callable[[int], Store],
        clock: Clock,
        metrics: StageMetrics,
        observe: Observe,
    ) -> None:
        self._stage = stage
        self._log = kafka
        self._open_store = open_store
        self._clock = clock
        self._metrics = metrics
        self._observe = observe
        self.partitions: dict[int, Partition] = {}
        """By number. Other threads may look partitions up."""
        self.changelogs: dict[int, ChangelogTopic] = {}
        self.joined = False
        """Whether the group has answered at least once."""

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Restore each, and say where to read on. Raises StageMustExit, and what log and store raise."""
        self.joined = True
        return {number: self._take(number) for number in sorted(partitions)}

    def revoked(self, partitions: Sequence[int]) -> None:
        """Let go of these: what was committed is in their stores."""
        self._let_go(partitions)
        log.info("partitions given back", partitions=sorted(partitions))
        self._observe(Point.REVOKED)

    def lost(self, partitions: Sequence[int]) -> None:
        """Let go of these: another member may already have gone on, which the next restore will see."""
        self._let_go(partitions)
        log.warning("partitions lost", partitions=sorted(partitions))
        self._observe(Point.LOST)

    def close(self) -> None:
        """Close the stores of all that is still ours."""
        self._let_go(list(self.partitions))

    def _take(self, number: int) -> int:
        self._observe(Point.ASSIGNED)
        store = self._open_store(number)
        try:
            with self._metrics.restore.time():
                restored = restore(number, self._stage, self._log, store, self._clock)
            self.partitions[number] = Partition(self._stage, store, restored.start)
        except BaseException:
            store.close()
            raise
        self.changelogs[number] = restored.changelog
        log.info("partition ready", partition=number, offset=restored.start, restored=restored.records)
        self._observe(Point.RESTORED)
        return restored.start

    def _let_go(self, partitions: Sequence[int]) -> None:
        for number in partitions:
            partition = self.partitions.pop(number, None)
            if partition is not None:
                partition.close()
                self._metrics.forget(number)
