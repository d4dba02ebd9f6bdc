"""Businesses and customers who talk at random, by seed, over the stages' line."""

from collections.abc import Callable
from random import Random

from parley.delivery.v1 import dispatch_pb2, outbox_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.rate_and_bill.plan_file import read_plan, shipped_plans
from services.runtime.record import Record
from tests.line.stages import TOGETHER, Line

SECOND_MS, HOUR_MS = 1_000, 3_600_000
START_MS = 1_760_000_000_000
TTL_MS = 720 * HOUR_MS
INTAKE, DISPATCH = topic("intake"), topic("dispatch")
PREFIXES = ("1", "1876", "55", "49", "")


class Traffic:
    """The outside world of a line: what businesses ask for, and what customers and their phones do."""

    def __init__(
        self,
        seed: int,
        businesses: int = 3,
        customers: int = 20,
        *,
        start_ms: int = START_MS,
        pauses: int = 4,
        together: int = TOGETHER,
    ) -> None:
        """``pauses``: how many of about 144 things that happen are that hours pass. ``together``: of Line."""
        self.line = Line(together)
        self.now_ms = start_ms
        self._pauses = pauses
        self._random = Random(seed)  # noqa: S311
        self.observe: Callable[[], None] = lambda: None
        """Called after each thing that happened."""
        self._ids = 0
        self._offline: set[bytes] = set()
        self.businesses = [f"50691430765{6 + n}{n:02d}" for n in range(businesses)]
        self.customers = [f"u1_customer{n}" for n in range(customers)]
        plan = read_plan(shipped_plans()["launch-2018"])
        self.line.set(settings_pb2.SettingChanged(key=f"price-plan/{plan.name}", price_plan=plan), 1)
        for each in self.businesses:
            business = settings_pb2.Business(
                business_id=each, currency="USD", time_zone="UTC", plan=plan.name
            )
            self.line.set(settings_pb2.SettingChanged(key=f"business/{each}", business=business), 1)

    def go(self, steps: int) -> None:
        """So many things happen, one after the other; at the end every phone is online and nothing moves."""
        acts = (self.wrote, self.send, self.send, self.said, self.blocks, self.goes, self.opts, self.pause)
        weights = (30, 60, 30, 4, 2, 12, 2, self._pauses)
        for _ in range(steps):
            self.now_ms += self._random.randrange(1, 20 * SECOND_MS)
            act = self._random.choices(acts, weights)[0]
            act(self._random.choice(self.businesses), self._random.choice(self.customers))
            self.settle()
            self.observe()

    def settle(self) -> None:
        """Let the stages judge and the phones answer until nothing moves."""
        while made := self.line.run():
            for record in made:
                if record.topic == "outbox" and record.value is not None:
                    self._phone(record)

    def wrote(
        self, business: str, customer: str, keyword: intake_pb2.Keyword = intake_pb2.KEYWORD_UNSPECIFIED
    ) -> None:
        """The customer writes, now and then what was written an hour ago."""
        late_ms = HOUR_MS if self._random.random() < 0.05 else 0
        received = intake_pb2.CustomerMessageReceived(
            message_id=self._id("in"),
            business_id=business,
            account_id="1022" + business,
            phone_number_id=self._number(business),
            user_ref=customer,
            sent_at_ms=self.now_ms - late_ms,
            content=b'{"type":"text","text":{"body":"Hi"}}',
            keyword=keyword,
            keyword_language="en" if keyword else "",
        )
        for _ in range(2 if self._random.random() < 0.05 else 1):
            self._intake(business, customer, "customer_message_received", received)

    def said(self, business: str, customer: str) -> None:
        """The customer says STOP or START."""
        self.wrote(
            business, customer, self._random.choice((intake_pb2.KEYWORD_STOP, intake_pb2.KEYWORD_START))
        )

    def send(self, business: str, customer: str) -> None:
        """The business asks to send a reply or a template, sometimes twice."""
        template = self._random.random() < 0.4
        ttl_ms = 600 * SECOND_MS if template and self._random.random() < 0.5 else TTL_MS
        facts = facts_pb2.SendFacts(
            message_id=self._id("out"),
            business_id=business,
            account_id="1022" + business,
            phone_number_id=self._number(business),
            user_ref=customer,
            destination_prefix=PREFIXES[int(customer[-1]) % len(PREFIXES)],
            category=facts_pb2.CATEGORY_UTILITY if template else facts_pb2.CATEGORY_SERVICE,
            form=facts_pb2.FORM_TEMPLATE if template else facts_pb2.FORM_FREE_FORM,
            accepted_at_ms=self.now_ms,
            expires_at_ms=self.now_ms + ttl_ms,
        )
        request = intake_pb2.SendRequested(
            facts=facts, envelope=_envelope(), content=b'{"type":"text","text":{"body":"Hello"}}'
        )
        for _ in range(2 if self._random.random() < 0.1 else 1):
            self._intake(business, customer, "send_requested", request)

    def blocks(self, business: str, customer: str) -> None:
        """The customer blocks the business, or takes that back."""
        if self._random.random() < 0.5:
            self._intake(
                business, customer, "customer_blocked", intake_pb2.CustomerBlocked(blocked_at_ms=self.now_ms)
            )
        else:
            self._intake(
                business,
                customer,
                "customer_unblocked",
                intake_pb2.CustomerUnblocked(unblocked_at_ms=self.now_ms),
            )

    def opts(self, business: str, customer: str) -> None:
        """An operator records an opt-in or an opt-out."""
        if self._random.random() < 0.7:
            opt_in = intake_pb2.OptInRecorded(
                recorded_at_ms=self.now_ms, method="web form", evidence="/consents/1"
            )
            self._intake(business, customer, "opt_in_recorded", opt_in)
        else:
            opt_out = intake_pb2.OptOutRecorded(
                recorded_at_ms=self.now_ms, method="phone", evidence="ticket 1"
            )
            self._intake(business, customer, "opt_out_recorded", opt_out)

    def goes(self, business: str, customer: str) -> None:
        """The customer's phone goes offline towards a business, or comes back."""
        key = conversation_key(business, customer)
        if key not in self._offline:
            self._offline.add(key)
            return
        self._offline.discard(key)
        connected = dispatch_pb2.CustomerConnected(connected_at_ms=self.now_ms)
        self._dispatch(key, "customer_connected", connected)

    def pause(self, *_: str) -> None:
        """Hours pass, and every partition is told."""
        self.now_ms += self._random.randrange(1, 30) * HOUR_MS
        self.line.tick(self.now_ms)

    def _phone(self, record: Record) -> None:
        """A phone gets what is for it and answers as phones do: sometimes twice, sometimes read at once."""
        event = outbox_pb2.OutboxEvent.FromString(record.value or b"")
        key = conversation_key(event.business_id, event.user_ref)
        name = record.key.decode().partition("/")[2]
        if key in self._offline:
            self._dispatch(
                key, "customer_was_offline", dispatch_pb2.CustomerWasOffline(message_id=name, attempt=1)
            )
            return
        delivered, read = dispatch_pb2.RECEIPT_DELIVERED, dispatch_pb2.RECEIPT_READ
        for receipt in self._random.choice(
            ((delivered,), (delivered, read), (read,), (delivered, delivered, read))
        ):
            self.now_ms += 1
            received = dispatch_pb2.ReceiptReceived(
                message_id=name, receipt=receipt, received_at_ms=self.now_ms
            )
            self._dispatch(key, "receipt_received", received)

    def _number(self, business: str) -> str:
        return f"1065{business[-2:]}{self._random.randrange(2)}"

    def _id(self, kind: str) -> str:
        self._ids += 1
        return f"wamid.{kind}{self._ids}"

    def _intake(self, business: str, customer: str, kind: str, event: object) -> None:
        value = intake_pb2.IntakeEvent(**{kind: event})  # type: ignore[arg-type]
        self.line.write(INTAKE, conversation_key(business, customer), value, kind, self.now_ms)

    def _dispatch(self, key: bytes, kind: str, event: object) -> None:
        value = dispatch_pb2.DispatchEvent(**{kind: event})  # type: ignore[arg-type]
        self.line.write(DISPATCH, key, value, kind, self.now_ms)


def _envelope() -> facts_pb2.Envelope:
    return facts_pb2.Envelope(customer_number="16505551234", display_phone_number="15550783881")
