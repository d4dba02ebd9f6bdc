"""Who is connected, and what of the outbox goes to whom."""

import asyncio

from parley.delivery.v1 import dispatch_pb2, outbox_pb2
from services.contracts.keys import conversation_key
from services.delivery.handset import frames, metrics
from services.delivery.handset.connection import Connection, Ending, WhenSent
from services.delivery.handset.dispatch_writer import DispatchWriter
from services.delivery.handset.limits import HandsetLimits
from services.delivery.handset.pace import Pace
from services.delivery.handset.showing import Showing, Verdict
from services.delivery.handset.waiting import Waiting

PACE_LOOK_SECONDS = 0.25
"""How often a customer who is held back is looked at again."""


class Switchboard:
    """One connection a customer, the newest. No content is kept for those who are away."""

    def __init__(self, waiting: Waiting, dispatch: DispatchWriter, limits: HandsetLimits) -> None:
        self._waiting = waiting
        self._dispatch = dispatch
        self._limits = limits
        self._connections: dict[str, Connection] = {}
        self._announcements: dict[Connection, asyncio.Task[None]] = {}
        self._pace = Pace(limits)

    def connect(self, connection: Connection) -> None:
        """A device is there: it takes the place of an older one, and is due all that waits."""
        user_ref = connection.customer.user_ref
        if older := self._connections.get(user_ref):
            older.end(Ending.REPLACED)
            self.disconnect(older)
        self._connections[user_ref] = connection
        metrics.CONNECTIONS.set(len(self._connections))
        connection.showing = Showing(connection.name, self._waiting.of(user_ref))
        self._call_for_what_waits(connection)

    def disconnect(self, connection: Connection) -> None:
        """The device is gone. Calling it twice is safe."""
        user_ref = connection.customer.user_ref
        if self._connections.get(user_ref) is connection:
            del self._connections[user_ref]
            metrics.CONNECTIONS.set(len(self._connections))
        if announcement := self._announcements.pop(connection, None):
            announcement.cancel()

    async def close_all(self) -> None:
        """The worker stops: every device is told to come again."""
        connections = list(self._connections.values())
        for connection in connections:
            connection.end(Ending.STOPPING)
        await asyncio.gather(*(connection.ended() for connection in connections))

    async def emitted(self, event: outbox_pb2.OutboxEvent, name: str, traceparent: bytes | None) -> None:
        """Delivery wants something shown to a customer. Waits only while reports to delivery are held up."""
        conversation = conversation_key(event.business_id, event.user_ref)
        self._waiting.add(event.user_ref, conversation, name, traceparent)
        connection = self._connections.get(event.user_ref)
        if connection is None:
            metrics.SHOWN.labels("offline").inc()
            if event.HasField("attempt_emitted"):
                attempt = event.attempt_emitted.attempt
                await self._dispatch.offline(conversation, name, attempt, traceparent)
            return
        if not connection.has_room:
            await asyncio.sleep(0)  # its frames may be written at once: none has had its turn lately
        showing = connection.showing
        verdict = showing.judge(conversation, name, event.connection, traceparent)
        if verdict is Verdict.SHOW and not connection.has_room:
            metrics.SHOWN.labels("slow").inc()
            showing.put_back(conversation, name)
            self._call_for_what_waits(connection)
            return
        metrics.SHOWN.labels(verdict.value).inc()
        if verdict is Verdict.SHOW:
            confirms_itself = not event.HasField("attempt_emitted")
            connection.send(
                frames.show(event),
                self._confirm(conversation, name, traceparent) if confirms_itself else None,
            )

    def ended(self, user_ref: str, name: str) -> None:
        """Something waits for a customer no longer."""
        conversation = self._waiting.end(user_ref, name)
        if conversation is not None and (connection := self._connections.get(user_ref)):
            connection.showing.end(conversation, name)
        if conversation is not None:
            self._pace.ended(user_ref, asyncio.get_running_loop().time())

    def _confirm(self, conversation: bytes, name: str, traceparent: bytes | None) -> WhenSent:
        """Devices do not acknowledge notices and read marks: the socket does."""

        async def when_sent() -> None:
            await self._dispatch.received(conversation, name, dispatch_pb2.RECEIPT_DELIVERED, traceparent)

        return when_sent

    def _call_for_what_waits(self, connection: Connection) -> None:
        if connection.showing.calls_again and connection not in self._announcements:
            self._announcements[connection] = asyncio.create_task(self._announce(connection))

    async def _announce(self, connection: Connection) -> None:
        """Tell delivery that the device takes messages, for each conversation where something still waits.

        However fast a device reconnects, delivery emits what waits only so often; and a slow one is sent no
        more than it reads.
        """
        showing, user_ref = connection.showing, connection.customer.user_ref
        while showing.calls_again:
            await connection.all_sent()
            for conversation in showing.begin_call():
                await self._keep_pace(user_ref, conversation)
                if showing.awaits(conversation):
                    attempts = len(self._waiting.of(user_ref).get(conversation, ()))
                    self._pace.told(user_ref, conversation, attempts, asyncio.get_running_loop().time())
                    await self._dispatch.connected(conversation, showing.call)
        del self._announcements[connection]

    async def _keep_pace(self, user_ref: str, conversation: bytes) -> None:
        """Return once delivery may be told; looks again now and then, since acknowledgements shorten it."""
        now = asyncio.get_running_loop().time
        while seconds := self._pace.wait_seconds(user_ref, conversation, now()):
            pause = min(seconds, PACE_LOOK_SECONDS)
            await asyncio.sleep(pause)
            metrics.HELD_BACK.inc(pause)
