"""Waits until nothing is under way any more, and says what is left when that does not come."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from confluent_kafka import KafkaException

from tests.chaos.load.told import Told
from tests.chaos.topics import Topics

DRAIN_SECONDS_MAX = 180.0
POLL_SECONDS = 1.0
READ_SECONDS_MAX = 10.0

Left = dict[str, int]
"""How many of what is still under way; empty when all is done."""


class Heard(Protocol):
    """Somebody who writes, and waits for the answer."""

    @property
    def has_been_heard(self) -> bool:
        """Whether everything was accepted."""
        ...


async def drain(
    left_now: Callable[[], Left],
    customers: list[Heard],
    report: Callable[[str], None],
    seconds_max: float = DRAIN_SECONDS_MAX,
) -> Left:
    """What is left when the time is over. ``left_now`` may block."""
    deadline = time.monotonic() + seconds_max
    while True:
        left = await asyncio.to_thread(left_now)
        if unheard := sum(not customer.has_been_heard for customer in customers):
            left["customers not heard"] = unheard
        if not left or time.monotonic() > deadline:
            report("all is drained" if not left else f"not drained within {seconds_max:g} s")
            return left
        report(f"draining: {describe(left)}")
        await asyncio.sleep(POLL_SECONDS)


def left_in(topics: Topics, told: Told) -> Left:
    """What the topics, and those who read them, still have to do. Blocks."""
    try:
        if not topics.catch_up(READ_SECONDS_MAX):
            return {"topics not read to their ends": 1}
        left = {f"lag of {group}": lag for group, lag in topics.lags().items()}
    except KafkaException as error:
        return {f"Kafka: {error}": 1}
    recorded = topics.recorded
    left["messages without end"] = len(recorded.unended)
    left["webhooks"] = len(recorded.webhooks_due - told.webhooks.keys())
    return {name: count for name, count in left.items() if count}


def describe(left: Mapping[str, int]) -> str:
    """In one line."""
    return ", ".join(f"{name} {count}" for name, count in left.items())
