"""The model's transaction coordinator: epochs, fates, and markers that come later than the fate."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from services.runtime.log import Fenced, TransactionFailed
from tests.simulation.kafka_model.partition_log import Fate, Transaction

TRANSACTION_TIMEOUT_MS = 5_000


@dataclass
class Producer:
    """What the coordinator knows of a transactional id."""

    epoch: int = 0
    open: Transaction | None = None


class Coordinator:
    """Decides transactions, and tells partitions and groups of it one at a time, in any order."""

    def __init__(self, random: Random, offset_committed: Callable[[str, int, int], None]) -> None:
        """``offset_committed`` is called with group, partition and offset when the group learns the fate."""
        self._random = random
        self._offset_committed = offset_committed
        self._producers: dict[str, Producer] = {}
        self.deciding: list[Transaction] = []
        """Transactions whose fate is sealed but not known everywhere."""

    def initialize(self, transactional_id: str) -> int:
        """Take a transactional id over: fences who had it, ends what it left open. Returns the epoch."""
        producer = self._producers.setdefault(transactional_id, Producer())
        producer.epoch += 1
        if producer.open is not None:
            self._seal(producer, Fate.ABORTED)
        self._finish(transactional_id)
        return producer.epoch

    def begin(self, transactional_id: str, epoch: int, now_ms: int) -> Transaction:
        """Open a transaction, once everybody knows of the one before. Raises Fenced."""
        producer = self._producer(transactional_id, epoch)
        self._finish(transactional_id)
        producer.open = Transaction(transactional_id, now_ms)
        return producer.open

    def require_open(self, transactional_id: str, epoch: int) -> None:
        """Raises Fenced when the id has another owner, or the transaction took too long."""
        self._producer(transactional_id, epoch)

    def end(self, transactional_id: str, epoch: int, fate: Fate) -> None:
        """Seal the fate of the open transaction. Raises Fenced, TransactionFailed."""
        producer = self._producer(transactional_id, epoch)
        if producer.open is None:
            raise TransactionFailed("there is no open transaction to end")
        self._seal(producer, fate)

    def expire(self, now_ms: int) -> None:
        """Abort what has been open for too long, and fence its producer."""
        for producer in self._producers.values():
            if producer.open is not None and now_ms - producer.open.begun_at_ms >= TRANSACTION_TIMEOUT_MS:
                producer.epoch += 1
                self._seal(producer, Fate.ABORTED)

    def tell_one(self) -> bool:
        """Let one partition or group know of one fate; False when everybody knows everything."""
        if not self.deciding:
            return False
        self._tell(self._random.choice(self.deciding))
        return True

    def pending_offset(self, group: str, partition: int) -> bool:
        """Whether a transaction holds an offset of the partition that the group does not know yet."""
        opened = [producer.open for producer in self._producers.values() if producer.open is not None]
        return any((group, partition) in each.offsets for each in (*opened, *self.deciding))

    def _producer(self, transactional_id: str, epoch: int) -> Producer:
        producer = self._producers[transactional_id]
        if producer.epoch != epoch:
            raise Fenced(f"{transactional_id} belongs to another process, or its transaction took too long")
        return producer

    def _seal(self, producer: Producer, fate: Fate) -> None:
        transaction, producer.open = producer.open, None
        assert transaction is not None
        transaction.fate = fate
        if fate is Fate.ABORTED:
            transaction.offsets.clear()
        if transaction.unmarked or transaction.offsets:
            self.deciding.append(transaction)

    def _finish(self, transactional_id: str) -> None:
        for transaction in [each for each in self.deciding if each.transactional_id == transactional_id]:
            while transaction in self.deciding:
                self._tell(transaction)

    def _tell(self, transaction: Transaction) -> None:
        choice = self._random.randrange(len(transaction.unmarked) + bool(transaction.offsets))
        if choice < len(transaction.unmarked):
            transaction.unmarked[choice].mark(transaction)
        else:
            for (group, partition), offset in transaction.offsets.items():
                self._offset_committed(group, partition, offset)
            transaction.offsets = {}
        if not transaction.unmarked and not transaction.offsets:
            self.deciding.remove(transaction)
