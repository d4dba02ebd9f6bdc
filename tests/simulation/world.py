"""What all parts of a simulated platform share: the cluster, the clock, what is due later, and the trace."""

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

from services.runtime.log import RecordRejected
from tests.simulation.kafka_model.cluster import AheadOfTheClock, ModelCluster
from tests.simulation.parts import Parts
from tests.simulation.scenario import CUSTOMERS, NUMBERS, T0_MS
from tests.simulation.topology import TOPICS
from tests.simulation.trace import Trace

ALL_PAIRS = [(customer, number) for customer in CUSTOMERS for number in NUMBERS]
PAIRS = (4, 7)
NEVER = 1 << 62


class World:
    """The world that every actor acts on. All randomness comes from the seed."""

    def __init__(self, seed: int, parts: Parts) -> None:
        self.parts = parts
        self.random = Random(f"world {seed}")  # noqa: S311 - repeatable on purpose
        self.cluster = ModelCluster(Random(f"cluster {seed}"), T0_MS, TOPICS)  # noqa: S311
        self.trace = Trace(self._now_ms)
        self.faults: Counter[str] = Counter()
        """Faults injected, by kind."""
        self.exits: Counter[str] = Counter()
        """How often a process ended itself, by its name."""
        self.needs_a_person: list[str] = []
        """Why processes ended that a restart does not mend."""
        self.meanwhile: Callable[[Any], None] = lambda _: None
        """Lets the world go on without the process that is given, for longer than a session lasts."""
        self.pairs = self.random.sample(ALL_PAIRS, self.random.randint(*PAIRS))
        """Customers and the numbers that they have to do with: few, so that much happens between the same."""
        self._later: list[tuple[int, int, Callable[[], object]]] = []
        self._planned = 0

    def later(self, delay_ms: int, action: Callable[[], object]) -> None:
        """Do something after a delay."""
        self._planned += 1
        heappush(self._later, (self.cluster.now_ms + delay_ms, self._planned, action))

    @property
    def next_due_ms(self) -> int:
        """When the next thing is to be done; NEVER when there is nothing."""
        return self._later[0][0] if self._later else NEVER

    def advance(self, milliseconds: int) -> None:
        """Let time pass, and do what falls due meanwhile, each at its time."""
        until_ms = self.cluster.now_ms + milliseconds
        while self._later and self._later[0][0] <= until_ms:
            due_ms, _, action = heappop(self._later)
            if due_ms > self.cluster.now_ms:
                self.cluster.advance(due_ms - self.cluster.now_ms)
            action()
        if until_ms > self.cluster.now_ms:
            self.cluster.advance(until_ms - self.cluster.now_ms)

    def advance_to_next(self) -> None:
        """Let time pass until the next thing is due, and do it."""
        self.advance(max(0, self._later[0][0] - self.cluster.now_ms))

    def write(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes,
        at_ms: int,
        headers: list[tuple[str, bytes]],
    ) -> bool:
        """Write as a worker does; False when the broker refuses the record."""
        try:
            self.cluster.append(topic, partition, key, value, at_ms, headers)
        except (RecordRejected, AheadOfTheClock) as refusal:
            self.trace.note("broker", "refuses a record for {}: {}", topic, refusal)
            return False
        return True

    def _now_ms(self) -> int:
        return self.cluster.now_ms
