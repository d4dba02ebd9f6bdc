"""An endpoint and the retry tiers in memory: what is tried, what is put off, and to which tier."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from google.protobuf.message import Message

from parley.delivery.v1 import webhook_retry_pb2
from services.contracts.catalogue import Topic
from services.delivery.webhooks.circuit import Circuit, CircuitLimits
from services.delivery.webhooks.deferral import Deferral
from services.delivery.webhooks.endpoint import Endpoint, EndpointLimits
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.failures import EndpointFailed, StatusRefused
from services.delivery.webhooks.tiers import RetrySchedule
from services.runtime.clock import Clock

START_MS = 1_750_000_000_000


class Deferred(NamedTuple):
    """An update in a retry tier."""

    topic: str
    update: webhook_retry_pb2.WebhookDeferred


class TierTopics:
    """Stands for the writer: keeps what is written."""

    def __init__(self) -> None:
        self.deferred: list[Deferred] = []

    async def write(self, topic: Topic, _key: bytes, event: Message, _kind: str, **_headers: object) -> None:
        """As `RecordWriter.write`."""
        assert isinstance(event, webhook_retry_pb2.WebhookDeferred)
        self.deferred.append(Deferred(topic.name, event))

    def tiers(self) -> Counter[str]:
        """How many lie in each tier."""
        return Counter(deferred.topic for deferred in self.deferred)


class GatedCourier:
    """A try waits until it is let through, then ends as the endpoint is told to."""

    def __init__(self) -> None:
        self.begun: list[bytes] = []
        self.taken: list[bytes] = []
        self.failure: EndpointFailed | None = None
        self.gate = asyncio.Event()
        self.at_once = self.at_once_seen = 0

    def open(self) -> None:
        """Let through what waits and what comes."""
        self.gate.set()

    async def post(self, body: bytes, traceparent: bytes | None = None) -> None:  # noqa: ARG002
        """As `Posts.post`."""
        self.begun.append(body)
        self.at_once += 1
        self.at_once_seen = max(self.at_once_seen, self.at_once)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        if self.failure is not None:
            raise self.failure
        self.taken.append(body)

    def drop_idle(self) -> None:
        """As `Posts.drop_idle`."""

    def close(self) -> None:
        """As `Posts.close`."""


class Rig:
    """One endpoint before the tiers. Make it in a running loop."""

    def __init__(
        self,
        *,
        open_seconds: float = 60,
        limits: EndpointLimits | None = None,
        clock: Clock = lambda: START_MS,
        schedule: RetrySchedule | None = None,
    ) -> None:
        self.topics = TierTopics()
        self.courier = GatedCourier()
        self.circuit = Circuit(CircuitLimits(failures_max=3, open_seconds=open_seconds))
        self.settled: list[int] = []
        deferral = Deferral(self.topics, schedule or RetrySchedule(), clock)
        self.endpoint = Endpoint(
            self.courier, self.circuit, limits or EndpointLimits(), deferral, lambda: START_MS
        )

    def offer(self, number: int, tries: int = 0, conversation: bytes | None = None) -> None:
        """Offer an update; `tries` is how often it was tried before."""
        self.endpoint.offer(
            Errand(
                "1",
                conversation or b"%d" % number,
                f"wamid.{number}",
                b"%d" % number,
                lambda: self.settled.append(number),
                tries=tries,
                first_tried_at_ms=START_MS - 10_000_000 if tries else 0,
            )
        )

    async def fail(self) -> None:
        """Let the endpoint fail until its circuit is open."""
        self.courier.failure = StatusRefused("the endpoint answered 500")
        self.courier.open()
        for number in range(3):
            self.offer(1_000_000 + number)
        await until(lambda: not self.circuit.is_closed and self.endpoint.is_idle)
        self.topics.deferred.clear()
        self.settled.clear()
        self.courier.gate.clear()
        self.courier.begun.clear()


async def until(holds: Callable[[], bool], seconds: float = 5) -> None:
    """Return once it holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0)
