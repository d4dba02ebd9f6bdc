"""One input partition of a stage, run again."""

from collections.abc import Callable

from services.runtime.dead_letters import DeadLetters, PartitionMustStop
from services.runtime.partition import Partition, TimerFailed
from services.runtime.record import Output, Record
from services.runtime.stage import Stage
from services.runtime.store import Store

BATCH = 500
"""Records whose effects are in memory; where batches are cut has no effect on what they are."""
DEAD_LETTERS_PER_MINUTE = 1 << 30
"""A replay does not stop by their number: whoever wrote the topics did not either."""


class ReplayedPartition:
    """Runs a stage over records of one partition, in order."""

    def __init__(self, make_stage: Callable[[], Stage], store: Store) -> None:
        """Goes on where ``store`` stands."""
        self.stage = make_stage()
        self._partition = Partition(self.stage, store)
        self._dead_letters = DeadLetters(
            self.stage.name, self.stage.input, lambda: 0, DEAD_LETTERS_PER_MINUTE
        )
        self._records = 0
        self._given = 0
        self.stopped: str | None = None
        """Why the stage cannot go past a record, if it cannot."""

    @property
    def next_offset(self) -> int:
        """Offset of the next record to take."""
        return self._partition.next_offset

    def take(self, record: Record) -> list[tuple[Output, int]]:
        """Apply one record, unless it was applied before; returns its outputs with their record times."""
        if self.stopped is not None or record.offset < self.next_offset:
            return []
        made = []
        try:
            while not self._apply(record):
                made += self._new_outputs()
                self.commit()
        except (PartitionMustStop, TimerFailed) as error:
            self.stopped = str(error)
            return made
        made += self._new_outputs()
        self._records += 1
        if self._records % BATCH == 0:
            self.commit()
        return made

    def commit(self) -> None:
        """Put what was applied into the store."""
        self._partition.commit(self._partition.meta())
        self._given = 0

    def _new_outputs(self) -> list[tuple[Output, int]]:
        outputs = self._partition.outputs[self._given :]
        self._given += len(outputs)
        return outputs

    def close(self) -> None:
        """Release the store."""
        self._partition.close()

    def _apply(self, record: Record) -> bool:
        try:
            return self._partition.step(record)
        except TimerFailed:
            raise
        except Exception as error:  # noqa: BLE001 - set aside as the stage's loop sets it aside
            return self._partition.skip(record, self._dead_letters.set_aside(record, error))
