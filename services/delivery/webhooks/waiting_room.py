"""Updates of the retry tiers that have been read and are not due yet; a bounded number of each partition."""

import asyncio
from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from aiokafka import TopicPartition

from services.delivery.webhooks.errand import Errand
from services.runtime.clock import Clock

HELD_MAX = 200
"""Updates of one partition at which no more of it is read; on from half of it."""
OFFERS_AT_ONCE_MAX = 500
"""Then others get their turn."""


class WaitingRoom:
    """Offers each errand when it is due. `pause` and `resume` steer the reader."""

    def __init__(
        self,
        offer: Callable[[Errand], None],
        pause: Callable[[TopicPartition], None],
        resume: Callable[[TopicPartition], None],
        clock: Clock,
    ) -> None:
        self._offer = offer
        self._pause = pause
        self._resume = resume
        self._clock = clock
        self._due: list[tuple[int, int, TopicPartition, Errand]] = []
        self._held: Counter[TopicPartition] = Counter()
        self._paused: set[TopicPartition] = set()
        self._order = count()
        self._sooner = asyncio.Event()

    def hold(self, errand: Errand, due_at_ms: int, partition: TopicPartition) -> None:
        """Keep an errand until `due_at_ms`."""
        heappush(self._due, (due_at_ms, next(self._order), partition, errand))
        self._held[partition] += 1
        if self._held[partition] >= HELD_MAX and partition not in self._paused:
            self._paused.add(partition)
            self._pause(partition)
        if self._due[0][3] is errand:
            self._sooner.set()

    async def run(self) -> None:
        """Offer what is due, for ever."""
        while True:
            self._sooner.clear()
            wait = self._offer_due()
            try:
                async with asyncio.timeout(wait):
                    await self._sooner.wait()
            except TimeoutError:
                continue

    def forget(self) -> None:
        """The partitions were dealt anew: what is held is read again by whoever has it now."""
        self._due.clear()
        self._held.clear()
        self._paused.clear()

    def _offer_due(self) -> float | None:
        """Seconds until there is more to offer; None when none is held."""
        for _ in range(OFFERS_AT_ONCE_MAX):
            if not self._due:
                return None
            due_at_ms, _, partition, errand = self._due[0]
            early_ms = due_at_ms - self._clock()
            if early_ms > 0:
                return early_ms / 1000
            heappop(self._due)
            self._held[partition] -= 1
            if partition in self._paused and self._held[partition] <= HELD_MAX // 2:
                self._paused.discard(partition)
                self._resume(partition)
            self._offer(errand)
        return 0
