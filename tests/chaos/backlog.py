"""How far the readers of the topics fall behind while they are struck."""

import asyncio
from collections import Counter
from collections.abc import Callable

from confluent_kafka import KafkaException

from tests.chaos.topics import Topics

LOOK_SECONDS = 2.0
READ_SECONDS_MAX = 5.0


class Backlog:
    """Looks now and then, whenever the brokers answer."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self.most: Counter[str] = Counter()
        """Records that a group had still to commit, at most, of those that were seen."""

    async def watch(self, is_over: Callable[[], bool]) -> None:
        """Look until it is over."""
        while not is_over():
            for group, lag in (await asyncio.to_thread(self._look)).items():
                self.most[group] = max(self.most[group], lag)
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> dict[str, int]:
        try:
            self._topics.catch_up(READ_SECONDS_MAX)
            return self._topics.lags()
        except KafkaException:
            return {}
