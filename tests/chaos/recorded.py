"""What the topics say, read by code of its own: to be compared with what clients were told."""

from collections import Counter
from dataclasses import dataclass, field

from confluent_kafka import Message

from parley.delivery.v1 import statuses_pb2
from parley.inbox.v1 import inbox_pb2
from parley.intake.v1 import intake_pb2

ENDS = {"delivered": "delivered", "read": "delivered", "failed": "failed", "expired": "expired"}
"""Statuses that are an end; delivered and read are the same one."""
REPORTED = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed", "expired": "failed"}
"""Statuses that become a webhook, and the word in it."""

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(slots=True)
class Sent:
    """A request in intake."""

    token: str
    phone_number_id: str
    number: str
    places: list[Place] = field(default_factory=list)
    """Where it lies: more than once for repeats with a key."""


@dataclass(slots=True)
class Recorded:
    """Grows record by record, each topic in the order of its partitions."""

    sent: dict[str, Sent] = field(default_factory=dict)
    """By message id."""
    written: Counter[str] = field(default_factory=Counter)
    """Customers' messages in intake, by message id."""
    statuses: dict[str, list[str]] = field(default_factory=dict)
    """By message id, in order."""
    refused: Counter[int] = field(default_factory=Counter)
    """Messages that failed, by the code that their business was told."""
    inbox: Counter[str] = field(default_factory=Counter)
    """Customers' messages that businesses get, by message id."""
    webhooks_due: set[tuple[str, str]] = field(default_factory=set)
    """Message id and status, as the endpoint names them."""
    dead: list[str] = field(default_factory=list)
    """Records that were set aside, by kind and reason."""
    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    """Offset after the last record, by topic and partition."""

    def take(self, topic: str, message: Message) -> None:
        """Take in a committed record of ``topic``, its name without prefix."""
        partition, offset, value = message.partition() or 0, message.offset() or 0, message.value()
        self.next_offsets[topic, partition] = offset + 1
        if value is None:
            return
        match topic:
            case "intake":
                self._intake(intake_pb2.IntakeEvent.FromString(value), (partition, offset))
            case "statuses":
                self._status(statuses_pb2.StatusEvent.FromString(value))
            case "inbox":
                self._inbox(inbox_pb2.InboxEvent.FromString(value))
            case "dead-letters":
                self.dead.append(f"dead-letters/{partition} offset {offset}")

    def ends(self, message_id: str) -> list[str]:
        """The ends that a message came to: one, if all is well."""
        statuses = self.statuses.get(message_id, ())
        return sorted({ENDS[status] for status in statuses if status in ENDS})

    @property
    def unended(self) -> list[str]:
        """Ids of requests without an end."""
        return [message_id for message_id in self.sent if not self.ends(message_id)]

    def _intake(self, event: intake_pb2.IntakeEvent, place: Place) -> None:
        if event.HasField("send_requested"):
            request = event.send_requested
            facts, envelope = request.facts, request.envelope
            sent = Sent(envelope.callback_data, facts.phone_number_id, envelope.customer_number)
            self.sent.setdefault(facts.message_id, sent).places.append(place)
        elif event.HasField("customer_message_received"):
            self.written[event.customer_message_received.message_id] += 1

    def _status(self, event: statuses_pb2.StatusEvent) -> None:
        status = event.WhichOneof("event") or "nothing"
        self.statuses.setdefault(event.message_id, []).append(status)
        if status == "failed":
            self.refused[event.failed.refusal.code] += 1
        if status in REPORTED:
            self.webhooks_due.add((event.message_id, REPORTED[status]))

    def _inbox(self, event: inbox_pb2.InboxEvent) -> None:
        if event.HasField("message_received"):
            message_id = event.message_received.message_id
            self.inbox[message_id] += 1
            self.webhooks_due.add((message_id, "message"))
        elif event.HasField("preference_changed"):
            changed = event.preference_changed
            name = f"{event.customer_number} at {changed.changed_at_ms // 1000}"
            self.webhooks_due.add((name, "stop" if changed.stopped else "resume"))
