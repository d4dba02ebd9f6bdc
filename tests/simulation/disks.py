"""Local state that outlives a simulated crash, and can be lost or come back as it was earlier."""

from random import Random

from services.runtime.memory_store import MemoryStore


class Disk:
    """The stores of one machine, by input partition."""

    def __init__(self) -> None:
        self._stores: dict[int, CopiedStore] = {}
        self._earlier: dict[int, CopiedStore] = {}

    def open(self, partition: int) -> "CopiedStore":
        """The store of a partition; empty when this machine never had it."""
        return self._stores.setdefault(partition, CopiedStore())

    def take_copies(self) -> None:
        """Remember everything as it is now."""
        self._earlier = {partition: store.copy() for partition, store in self._stores.items()}

    def lose_one(self, random: Random) -> int | None:
        """Lose the store of some partition; says which, None when there is none."""
        if not self._stores:
            return None
        partition = random.choice(sorted(self._stores))
        del self._stores[partition]
        return partition

    def put_back_one(self, random: Random) -> int | None:
        """Put the store of some partition back as it was remembered; says which, None when there is none."""
        if not self._earlier:
            return None
        partition = random.choice(sorted(self._earlier))
        self._stores[partition] = self._earlier[partition].copy()
        return partition


class CopiedStore(MemoryStore):
    """The store in memory, of which a copy can be kept."""

    def copy(self) -> "CopiedStore":
        """Another store with the same content."""
        copied = CopiedStore()
        copied._rows = dict(self._rows)
        copied._timers = list(self._timers)
        copied._meta = self._meta
        return copied

    def content(self) -> dict[bytes, bytes]:
        """All rows as stored."""
        return {key: row.value for key, row in self._rows.items()}
