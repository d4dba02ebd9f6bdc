"""One business's endpoint: a few tries at once, in order per conversation, and a bounded queue behind."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.delivery.webhooks import metrics
from services.delivery.webhooks.circuit import Circuit
from services.delivery.webhooks.courier import Posts
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.failures import EndpointFailed
from services.runtime.clock import Clock

PutOff = Callable[[Errand, str], Awaitable[None]]
"""Writes an errand to its next retry tier and settles it; the text says why. Does not fail."""


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """What one endpoint may take of the worker."""

    tries_at_once_max: int = 100
    queue_max: int = 4_000
    queue_seconds_max: float = 5.0
    """An update that waited longer for its turn goes to a retry tier, so that commits can move on."""


class Endpoint:
    """Never blocks who offers: what does not fit, or comes while the circuit is open, is put off at once.

    The next update of a conversation is tried when the one before it was taken or put off.
    """

    def __init__(
        self, courier: Posts | None, circuit: Circuit, limits: EndpointLimits, put_off: PutOff, clock: Clock
    ) -> None:
        """Without a courier (the account has no webhook URL) updates are settled and nothing is sent."""
        self._loop = asyncio.get_running_loop()
        self._courier = courier
        self._circuit = circuit
        self._limits = limits
        self._put_off = put_off
        self._clock = clock
        self._queue: deque[Errand] = deque()
        self._chains: dict[bytes, deque[Errand] | None] = {}
        """Conversations that have an errand queued or under way, and what comes behind it."""
        self._waiting = 0
        self._under_way = 0
        self._last_began_at = 0.0
        self._last_delay = 0.0
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    def offer(self, errand: Errand) -> None:
        """Take an errand in. It is settled sooner or later, unless :meth:`stop` comes first."""
        if self._courier is None:
            metrics.UNSENT.inc()
            errand.settled()
            return
        errand.offered_at = now = self._loop.time()
        if self._circuit.refuses(now):
            self._spare(errand, "circuit")
        elif errand.conversation in self._chains:
            if self._has_room(errand):
                self._behind(errand)
        elif self._under_way < self._limits.tries_at_once_max:
            self._chains[errand.conversation] = None
            self._under_way += 1
            self._spawn(self._run(errand))
        elif self._has_room(errand):
            self._chains[errand.conversation] = None
            self._waiting += 1
            self._queue.append(errand)

    def retarget(self, courier: Posts | None, circuit: Circuit) -> None:
        """The account has another URL or secret: what waits goes there."""
        if self._courier is not None:
            self._courier.close()
        self._courier = courier
        self._circuit = circuit

    def backlog_that_moves(self, within_seconds: float) -> int:
        """How many updates wait, if each gets its turn within that time, else 0.

        So a reader can wait for endpoints that are quick, and never for long for one that is not.
        """
        now = self._loop.time()
        moves = self._last_delay < within_seconds and now - self._last_began_at < within_seconds
        return self._waiting if moves else 0

    def drop_idle(self) -> None:
        """Drop connections that have not been used for a while."""
        if self._courier is not None:
            self._courier.drop_idle()

    @property
    def circuit_is_closed(self) -> bool:
        """Whether the endpoint is taken for well."""
        return self._circuit.is_closed

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not self._chains and not self._tasks

    async def stop(self, timeout_seconds: float) -> None:
        """Begin no more tries and wait for those under way; what waits stays unsettled."""
        self._stopping = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._courier is not None:
            self._courier.close()

    def _has_room(self, errand: Errand) -> bool:
        if self._waiting < self._limits.queue_max:
            return True
        self._spare(errand, "full")
        return False

    def _behind(self, errand: Errand) -> None:
        chain = self._chains[errand.conversation]
        if chain is None:
            chain = self._chains[errand.conversation] = deque()
        chain.append(errand)
        self._waiting += 1

    async def _run(self, errand: Errand) -> None:
        """Bring this one, then whatever is next, until nothing waits."""
        while True:
            await self._bring(errand)
            chain = self._chains[errand.conversation]
            if chain:
                self._queue.append(chain.popleft())
            else:
                del self._chains[errand.conversation]
            if self._stopping or not self._queue:
                break
            errand = self._queue.popleft()
            self._waiting -= 1
        self._under_way -= 1

    async def _bring(self, errand: Errand) -> None:
        now = self._loop.time()
        courier, circuit = self._courier, self._circuit
        if courier is None:
            metrics.UNSENT.inc()
            errand.settled()
        elif now - errand.offered_at > self._limits.queue_seconds_max:
            metrics.SPARED.labels("waited").inc()
            await self._put_off(errand, "waited too long for its turn")
        elif not circuit.permits(now):
            metrics.SPARED.labels("circuit").inc()
            await self._put_off(errand, "the circuit is open")
        else:
            self._last_began_at, self._last_delay = now, now - errand.offered_at
            await self._try(errand, courier, circuit)

    async def _try(self, errand: Errand, courier: Posts, circuit: Circuit) -> None:
        try:
            await courier.post(errand.body, errand.traceparent)
        except EndpointFailed as failure:
            circuit.failed(self._loop.time())
            metrics.TRIES.labels(failure.label).inc()
            await self._put_off(errand, str(failure))
        else:
            circuit.succeeded()
            metrics.TAKEN.inc()
            if errand.recorded_at_ms:
                metrics.TAKEN_AFTER.observe((self._clock() - errand.recorded_at_ms) / 1000)
            errand.settled()

    def _spare(self, errand: Errand, reason: str) -> None:
        metrics.SPARED.labels(reason).inc()
        self._spawn(self._put_off_later(errand, reason))

    async def _put_off_later(self, errand: Errand, reason: str) -> None:
        await self._put_off(errand, f"not tried: {reason}")

    def _spawn(self, work: "Awaitable[None]") -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
