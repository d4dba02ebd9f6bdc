"""The channel worker: follows the outbox, shows what it can, and tells dispatch what came of it.

It does as the handset's worker does: it keeps which ids wait for whom, says ``offline`` where nobody is
connected, and ``connected`` to each conversation that has something waiting when a device comes.
"""

from collections.abc import Callable

from google.protobuf.message import Message

from parley.delivery.v1 import dispatch_pb2, outbox_pb2
from services.contracts.headers import headers_for
from services.contracts.keys import conversation_key
from services.contracts.placement import partition_of
from services.delivery.handset.waiting import Waiting
from tests.simulation.kafka_model.partition_log import Entry
from tests.simulation.topology import TOPICS
from tests.simulation.world import World

SHOWN_KEPT_MAX = 20


class Channel:
    """One worker for all customers."""

    def __init__(self, world: World, clock_skew_ms: int) -> None:
        self.clock_skew_ms = clock_skew_ms
        self._world = world
        self._waiting = Waiting()
        self._connections: dict[str, str] = {}
        self._connected = 0
        self._positions = dict.fromkeys(range(TOPICS["outbox"].partitions), 0)
        self._live_from = dict(self._positions)
        self.shown: set[str] = set()
        """Names that some device has shown."""
        self.shown_lately: list[tuple[bytes, str]] = []
        self.reliable = False
        """Nothing gets lost."""
        self.show: Callable[[bytes, str], None] = lambda *_: None
        """What a device does when it is shown a name of a conversation."""

    @property
    def waiting_count(self) -> int:
        """How many messages, notices and read marks wait for customers."""
        return self._waiting.count

    def is_connected(self, user_ref: str) -> bool:
        """Whether the customer can be reached."""
        return user_ref in self._connections

    def connect(self, user_ref: str) -> None:
        """A device connects, in place of the one before."""
        self._connected += 1
        self._connections[user_ref] = connection = f"connection-{self._connected}"
        for conversation in self._waiting.of(user_ref):
            event = dispatch_pb2.DispatchEvent()
            event.customer_connected.connected_at_ms = self._now_ms()
            event.customer_connected.connection = connection
            self._report(conversation, event, "customer_connected", "")

    def disconnect(self, user_ref: str) -> None:
        """A device goes away."""
        self._connections.pop(user_ref, None)

    def restart(self) -> None:
        """The worker dies and another begins: devices are gone, what waits is read from the outbox again."""
        self._connections.clear()
        self._waiting = Waiting()
        for partition in self._positions:
            self._positions[partition] = 0
            self._live_from[partition] = self._world.cluster.partition("outbox", partition).end

    def step(self) -> int:
        """Take what the outbox has; says how much it was."""
        taken = 0
        for partition, position in self._positions.items():
            log = self._world.cluster.partition("outbox", partition)
            if position >= log.end:
                continue
            for entry in log.committed(position):
                taken += 1
                self._positions[partition] = entry.offset + 1
                self._take(entry, live=entry.offset >= self._live_from[partition])
        return taken

    def report_receipt(self, conversation: bytes, name: str, receipt: dispatch_pb2.Receipt) -> None:
        """A device confirms something."""
        event = dispatch_pb2.DispatchEvent()
        event.receipt_received.message_id = name
        event.receipt_received.receipt = receipt
        event.receipt_received.received_at_ms = self._now_ms()
        self._report(conversation, event, "receipt_received", name)

    def _take(self, entry: Entry, *, live: bool) -> None:
        user_ref, _, name = entry.key.decode().partition("/")
        if entry.value is None:
            self._waiting.end(user_ref, name)
            return
        event = outbox_pb2.OutboxEvent.FromString(entry.value)
        conversation = conversation_key(event.business_id, user_ref)
        self._waiting.add(user_ref, conversation, name)
        if not live:
            return
        if self.is_connected(user_ref):
            self._world.trace.note("channel", "shows {}", name[-12:])
            self.shown.add(name)
            self.shown_lately = [*self.shown_lately, (conversation, name)][-SHOWN_KEPT_MAX:]
            self.show(conversation, name)
        else:
            self._say_offline(conversation, name, event)

    def _say_offline(self, conversation: bytes, name: str, outbox: outbox_pb2.OutboxEvent) -> None:
        if not self.reliable and self._world.random.random() < 0.1:
            self._world.faults["channel error"] += 1
            return
        event = dispatch_pb2.DispatchEvent()
        event.customer_was_offline.message_id = name
        event.customer_was_offline.attempt = outbox.attempt_emitted.attempt
        self._report(conversation, event, "customer_was_offline", name)

    def _report(self, conversation: bytes, event: Message, kind: str, name: str) -> None:
        headers = headers_for(event, kind, message_id=name)
        partition = partition_of(TOPICS["dispatch"], conversation)
        value = event.SerializeToString()
        times = 1
        if not self.reliable and self._world.random.random() < 0.05:
            self._world.faults["report doubled"] += 1
            times = 2
        for _ in range(times):
            self._world.write("dispatch", partition, conversation, value, self._now_ms(), headers)
        self._world.trace.note("channel", "reports {} {}", kind, name[-12:])

    def _now_ms(self) -> int:
        return self._world.cluster.now_ms + self.clock_skew_ms
