"""One business's endpoint: a few tries at once, in order per conversation, and a bounded queue behind."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from services.delivery.webhooks import metrics
from services.delivery.webhooks.circuit import Circuit
from services.delivery.webhooks.courier import Posts
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.failures import EndpointFailed, NotTried
from services.delivery.webhooks.pace import Pace
from services.delivery.webhooks.turns import Turns
from services.runtime.clock import Clock

SPARED = {
    "circuit": "the endpoint fails again and again, and is left alone for the moment",
    "full": "more waits for the endpoint than there may",
    "waited": "it waited too long for its turn",
}
"""Why an update is not tried."""
LACK_SECONDS = 0.1
"""After so long it is looked again whether there are means again."""


class PutsOff(Protocol):
    """Writes an errand to a retry tier and settles it; the reason is one sentence. Does not fail."""

    async def put_off(self, errand: Errand, reason: str) -> None:
        """Its try has failed: it waits longer than before."""

    async def spare(self, errand: Errand, reason: str) -> None:
        """It was not tried: it stands where it stood."""


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """What one endpoint may take of the worker."""

    tries_at_once_max: int = 100
    queue_max: int = 4_000
    queue_seconds_max: float = 5.0
    """An update that waited longer for its turn goes to a retry tier, so that commits can move on."""


class Endpoint:
    """Never blocks who offers: what does not fit, or comes while the circuit is open, is put off untried.

    The next update of a conversation is tried when the one before it was taken or put off. While a probe
    decides about the circuit, updates wait for their turn.
    """

    def __init__(
        self, courier: Posts | None, circuit: Circuit, limits: EndpointLimits, deferral: PutsOff, clock: Clock
    ) -> None:
        """Without a courier (the account has no webhook URL) updates are settled and nothing is sent."""
        self._loop = asyncio.get_running_loop()
        self._courier = courier
        self._circuit = circuit
        self._limits = limits
        self._deferral = deferral
        self._clock = clock
        self._pace = Pace(limits.tries_at_once_max)
        self._turns = Turns()
        self._under_way = 0
        """At least one while any waits: whoever is done takes the next."""
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
        elif self._under_way < self._at_once and self._turns.begin(errand):
            self._begin(errand)
        elif self._turns.waiting < self._limits.queue_max:
            self._turns.add(errand)
        else:
            self._spare(errand, "full")

    def retarget(self, courier: Posts | None, circuit: Circuit) -> None:
        """The account has another URL or secret: what waits goes there."""
        if self._courier is not None:
            self._courier.close()
        self._courier = courier
        self._circuit = circuit
        self._pace = Pace(self._limits.tries_at_once_max)

    def backlog_that_moves(self, within_seconds: float) -> int:
        """How many updates wait, if each gets its turn within that time, else 0.

        So a reader can wait for endpoints that are quick, and never for long for one that is not.
        """
        now = self._loop.time()
        moves = self._last_delay < within_seconds and now - self._last_began_at < within_seconds
        return self._turns.waiting if moves and self._circuit.is_closed else 0

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
        return not self._turns and not self._tasks

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

    @property
    def _at_once(self) -> int:
        """How many tries there may be at once now: one alone decides about a circuit that is not closed."""
        return self._pace.at_once if self._circuit.is_closed else 1

    def _begin(self, errand: Errand) -> None:
        self._under_way += 1
        self._spawn(self._run(errand))

    async def _run(self, errand: Errand) -> None:
        """Bring this one, then whatever is next, while there may be so many at once."""
        following: Errand | None = errand
        while following is not None:
            if await self._bring(following):
                self._turns.done(following)
            else:
                self._turns.put_back(following)
            following = None
            if not self._stopping and self._under_way <= self._at_once:
                following = self._turns.next()
                self._let_others_begin()
        self._under_way -= 1

    def _let_others_begin(self) -> None:
        while self._under_way < self._at_once and (errand := self._turns.next()):
            self._begin(errand)

    async def _bring(self, errand: Errand) -> bool:
        """Whether the errand is done; else there were no means to try it, and it has its turn again."""
        now = self._loop.time()
        courier, circuit = self._courier, self._circuit
        if courier is None:
            metrics.UNSENT.inc()
            errand.settled()
        elif now - errand.offered_at > self._limits.queue_seconds_max:
            await self._spare_in_turn(errand, "waited")
        elif not circuit.permits(now):
            await self._spare_in_turn(errand, "circuit")
        else:
            self._last_began_at, self._last_delay = now, now - errand.offered_at
            try:
                await self._try(errand, courier, circuit)
            except NotTried as lack:
                circuit.undecided()
                await self._lack(lack)
                return False
        return True

    async def _try(self, errand: Errand, courier: Posts, circuit: Circuit) -> None:
        began_at = self._loop.time()
        try:
            await courier.post(errand.body, errand.traceparent)
        except EndpointFailed as failure:
            now = self._loop.time()
            circuit.failed(now)
            self._pace.failed(now - began_at)
            metrics.TRIES.labels(failure.label).inc()
            await self._deferral.put_off(errand, str(failure))
        else:
            circuit.succeeded()
            self._pace.took()
            metrics.TAKEN.inc()
            if errand.recorded_at_ms:
                metrics.TAKEN_AFTER.observe((self._clock() - errand.recorded_at_ms) / 1000)
            errand.settled()

    async def _lack(self, lack: NotTried) -> None:
        """Leave it to the other tries under way to go on; the only one looks again soon."""
        metrics.LACKING.labels(lack.label).inc()
        self._pace.lacked(self._under_way)
        if self._under_way == 1:
            await asyncio.sleep(LACK_SECONDS)

    async def _spare_in_turn(self, errand: Errand, reason: str) -> None:
        """Spare one that had its turn; others of the process get theirs before the next."""
        self._spare(errand, reason)
        await asyncio.sleep(0)

    def _spare(self, errand: Errand, reason: str) -> None:
        metrics.SPARED.labels(reason).inc()
        self._spawn(self._deferral.spare(errand, SPARED[reason]))

    def _spawn(self, work: "Awaitable[None]") -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
