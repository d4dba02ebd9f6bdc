"""Businesses: they send, and like real clients send again, later, elsewhere, or with another body."""

from collections.abc import Sequence
from functools import partial

from services.identity.message_id import open_message_id
from services.ingress.intake import build_message_read
from tests.simulation.actors.ingress import WRITE_DELAY_MAX_MS, Ingress
from tests.simulation.actors.request import Request
from tests.simulation.scenario import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    NUMBERS,
    PLATFORM_KEY,
    SECOND_MS,
)
from tests.simulation.world import World

TTLS_MS = (20 * SECOND_MS, 10 * MINUTE_MS, 6 * HOUR_MS, 3 * DAY_MS)
REPEATED_AFTER_MS = (0, 3 * SECOND_MS, 10 * MINUTE_MS, 16 * HOUR_MS, 26 * HOUR_MS)
BURST = 6
AHEAD_MS = 6 * SECOND_MS
AHEAD_FOR_MS = 5 * SECOND_MS
LARGE_BYTES = 990_000
"""Of a content that the broker takes and no stage may forward."""


class Businesses:
    """All businesses of the scenario."""

    def __init__(self, world: World, ingresses: Sequence[Ingress]) -> None:
        self._world = world
        self._ingresses = ingresses
        self._count = 0
        self.conversations: set[bytes] = set()
        """Conversations in which something was sent."""

    def send(self) -> None:
        """Send one message, perhaps several times."""
        random = self._world.random
        request = self._request()
        roll = random.random()
        if roll < 0.5:
            self._at_some(request)
        elif roll < 0.75:
            self._at_some(request, delay_ms=random.randrange(WRITE_DELAY_MAX_MS))
        elif roll < 0.8:
            self._world.faults["answer lost"] += 1
            self._at_some(request, answered=False)
            self._at_some(request)
        elif roll < 0.95:
            self._again(request)
        else:
            for _ in range(BURST):
                self._at_some(self._request(request))

    def send_too_much(self) -> None:
        """Send a message that Kafka takes and a stage cannot forward."""
        self._world.faults["too large"] += 1
        self._at_some(self._request()._replace(content=bytes(LARGE_BYTES), idempotency_key=None))

    def send_what_nobody_can_read(self) -> None:
        """A request that is undecodable when it lies in intake."""
        self._world.faults["undecodable"] += 1
        self._world.random.choice(self._ingresses).write_rubbish(self._request())

    def run_ahead(self) -> None:
        """An ingress's clock is further ahead for a while than the brokers allow."""
        ingress = self._world.random.choice(self._ingresses)
        if ingress.clock_skew_ms < AHEAD_MS:
            self._world.faults["clock ahead"] += 1
            self._world.later(AHEAD_FOR_MS, partial(setattr, ingress, "clock_skew_ms", ingress.clock_skew_ms))
            ingress.clock_skew_ms = AHEAD_MS

    def read(self, message_id: str) -> None:
        """Mark a customer's message as read."""
        ingress = self._world.random.choice(self._ingresses)
        message = open_message_id(PLATFORM_KEY, message_id)
        account_id = next(
            each.account_id for each in NUMBERS if each.phone_number_id == message.phone_number_id
        )
        ingress.write(build_message_read(account_id, message, message_id, ingress.now_ms))
        self._world.trace.note("business", "has read {}", message_id[-12:])

    def _request(self, like: Request | None = None) -> Request:
        random = self._world.random
        self._count += 1
        customer, sender = (like.customer, like.sender) if like else random.choice(self._world.pairs)
        return Request(
            sender=sender,
            customer=customer,
            category=random.choices(("service", "utility", "marketing"), (6, 2, 2))[0],
            content=b"message %d" % self._count,
            ttl_ms=random.choice(TTLS_MS),
            idempotency_key=f"order-{self._count}" if random.random() < 0.5 else None,
        )

    def _again(self, request: Request) -> None:
        """The same key again, most often with the same body, at either replica."""
        random = self._world.random
        self._world.faults["request repeated"] += 1
        request = request._replace(idempotency_key=request.idempotency_key or f"retry-{self._count}")
        again = request if random.random() < 0.8 else request._replace(content=b"another body")
        self._at_some(request)
        for _ in range(random.randint(1, 2)):
            self._world.later(random.choice(REPEATED_AFTER_MS), lambda: self._at_some(again))

    def _at_some(self, request: Request, delay_ms: int = 0, *, answered: bool = True) -> None:
        self.conversations.add(request.conversation)
        self._world.random.choice(self._ingresses).send(request, delay_ms, answered=answered)
