"""How many requests rate-and-bill prices and settles in a second, without Kafka and without a disk."""

import asyncio
import time
from collections.abc import Iterator
from itertools import chain

from rich.console import Console

from services.contracts.catalogue import topic
from services.contracts.headers import KIND, header
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.clock import wall_clock_ms
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import Partition
from services.runtime.record import Record
from tests.bench.backlog import backlog
from tests.bench.figures import Figure
from tests.line.stages import BATCH, Line

CONVERSATIONS = 10_000
USAGE = topic("usage")


async def rating(console: Console) -> list[Figure]:
    """The figure ``rating/decisions``: requests priced and settled; takes a few seconds."""
    with console.status("pricing and settling"):
        return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    line = backlog(CONVERSATIONS, wall_clock_ms())
    begun = time.process_time()
    for number in range(USAGE.partitions):
        partition = Partition(RateAndBillStage(), MemoryStore())
        for position, record in enumerate(line.topics[USAGE.name, number], 1):
            partition.step(record)
            if position % BATCH == 0:
                partition.commit(partition.meta())
        partition.commit(partition.meta())
    seconds = time.process_time() - begun
    requests = sum(header(record.headers, KIND) == b"send_assessed" for record in _usage(line))
    return [Figure("rating/decisions", requests / seconds, "per s", details={"of": "CPU time"})]


def _usage(line: Line) -> Iterator[Record]:
    return chain.from_iterable(line.topics[USAGE.name, number] for number in range(USAGE.partitions))
