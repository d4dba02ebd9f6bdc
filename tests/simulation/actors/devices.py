"""Customers: they write, say STOP and START, block, come and go, and their devices acknowledge or do not."""

from collections.abc import Sequence
from functools import partial

from parley.delivery.v1 import dispatch_pb2
from parley.settings.v1.settings_pb2 import PhoneNumber
from services.ingress.intake import (
    build_customer_blocked,
    build_customer_message,
    build_customer_unblocked,
)
from tests.simulation.actors.channel import Channel
from tests.simulation.actors.ingress import Ingress
from tests.simulation.scenario import CUSTOMERS, DAY_MS, HOUR_MS, MINUTE_MS, PLATFORM_KEY, Customer
from tests.simulation.world import World

DATED_BACK_MAX_MS = 30 * HOUR_MS
PROMPTLY_MS = (0, 20, 500)
ACKNOWLEDGED_AFTER_MS = (20, 500, 8_000, 15 * MINUTE_MS, 7 * HOUR_MS)
REPEATED_AFTER_MS = (0, 2_000, 5 * HOUR_MS, 2 * DAY_MS)

DELIVERED = dispatch_pb2.RECEIPT_DELIVERED
READ = dispatch_pb2.RECEIPT_READ


class Devices:
    """The devices of all customers, as the channel sees them."""

    def __init__(self, world: World, channel: Channel, ingress: Ingress) -> None:
        """``ingress`` is the channel worker's clock and way into intake."""
        self._world = world
        self._channel = channel
        self._ingress = ingress
        self._count = 0
        self.written: list[str] = []
        """Ids of customers' messages."""
        self.prompt = False
        """Acknowledge at once, and nothing gets lost."""
        channel.show = self.shown

    def begin(self) -> None:
        """Most have written some time ago, and most are there."""
        random = self._world.random
        for pair in self._world.pairs:
            if random.random() < 0.8:
                self.write(pair=pair)
        for customer in CUSTOMERS:
            if random.random() < 0.7:
                self._channel.connect(customer.user_ref)

    def write(self, text: str | None = None, pair: tuple[Customer, PhoneNumber] | None = None) -> None:
        """A customer writes to some number; perhaps dated back, perhaps transmitted twice."""
        random = self._world.random
        customer, number = pair or random.choice(self._world.pairs)
        self._count += 1
        sent_at_ms = self._ingress.now_ms
        if random.random() < 0.3:
            sent_at_ms -= random.randrange(DATED_BACK_MAX_MS)
        record = build_customer_message(
            PLATFORM_KEY,
            number,
            customer.number,
            f"client-{self._count}",
            {"type": "text", "text": {"body": text or f"hello {self._count}"}},
            sent_at_ms,
            referral={"source_type": "ad"} if random.random() < 0.1 else None,
        )
        self._world.trace.note(customer.number, "writes {!r} to {}", text or "hello", number.phone_number_id)
        if self._ingress.write(record):
            self.written.append(record.message_id)
        if random.random() < 0.2:
            self._world.faults["message repeated"] += 1
            self._world.later(random.choice(REPEATED_AFTER_MS), partial(self._ingress.write, record))

    def block(self) -> None:
        """A customer blocks a business, or takes a block back."""
        random = self._world.random
        customer, number = random.choice(self._world.pairs)
        build = build_customer_blocked if random.random() < 0.5 else build_customer_unblocked
        record = build(PLATFORM_KEY, number, customer.number, self._ingress.now_ms)
        self._world.trace.note(customer.number, "{} {}", record.kind, number.business_id)
        self._ingress.write(record)

    def come_or_go(self) -> None:
        """A customer's device connects or disconnects."""
        customer = self._world.random.choice(CUSTOMERS)
        if self._channel.is_connected(customer.user_ref):
            self._channel.disconnect(customer.user_ref)
            self._world.trace.note(customer.number, "goes")
        else:
            self._world.trace.note(customer.number, "comes")
            self._channel.connect(customer.user_ref)

    def all_come(self, customers: Sequence[Customer]) -> None:
        """These connect, anew if they are there, and the others go."""
        for customer in CUSTOMERS:
            self._channel.disconnect(customer.user_ref)
        for customer in customers:
            self._channel.connect(customer.user_ref)

    def shown(self, conversation: bytes, name: str) -> None:
        """A device shows something: it acknowledges as devices do."""
        report = self._channel.report_receipt
        receipts = self._receipts()
        if not receipts:
            self._world.faults["receipt lost"] += 1
        for delay_ms, receipt in receipts:
            self._world.later(delay_ms, partial(report, conversation, name, receipt))

    def _receipts(self) -> list[tuple[int, dispatch_pb2.Receipt]]:
        """What a device will confirm, and after how long."""
        random = self._world.random
        after = random.choice(PROMPTLY_MS if self.prompt else ACKNOWLEDGED_AFTER_MS)
        later = after + random.choice(PROMPTLY_MS if self.prompt else ACKNOWLEDGED_AFTER_MS)
        return random.choice(
            (
                [(after, DELIVERED)],
                [(after, DELIVERED), (later, READ)],
                [(after, READ)],
                [(after, READ), (later, DELIVERED)],
                [(after, DELIVERED), (after, DELIVERED), (later, READ), (later, READ), (later, DELIVERED)],
                [(after, DELIVERED)] if self.prompt else [],
            )
        )

    def acknowledge_rubbish(self) -> None:
        """A receipt for what is not known, or one that says nothing."""
        random = self._world.random
        if self._channel.shown_lately and random.random() < 0.5:
            conversation, name = random.choice(self._channel.shown_lately)
            self._channel.report_receipt(conversation, name, dispatch_pb2.RECEIPT_UNSPECIFIED)
            self._world.faults["receipt that says nothing"] += 1
        elif self._channel.shown_lately:
            conversation, _ = random.choice(self._channel.shown_lately)
            self._channel.report_receipt(conversation, "wamid.unknown", DELIVERED)
            self._world.faults["receipt for nothing"] += 1
