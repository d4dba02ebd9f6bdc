"""The records that delivery reads, in short words, for its tests."""

from google.protobuf.message import Message

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from services.contracts.keys import conversation_key
from services.delivery.stage import DeliveryStage
from tests.unit.stage_rig import Emitted, StageRig

BUSINESS, CUSTOMER, NUMBER = "506914307656634", "u1_customer", "106540352242922"
CONVERSATION = conversation_key(BUSINESS, CUSTOMER)
DAY_MS = 86_400_000
TTL_MS = 30 * DAY_MS
T0 = 1_760_000_000_000
PRICING = facts_pb2.Pricing(billable=True, pricing_model="NBP", type="regular", category="service")

DELIVERED, READ = dispatch_pb2.RECEIPT_DELIVERED, dispatch_pb2.RECEIPT_READ
GRANTED, STOPPED, BLOCKED = (
    facts_pb2.CONSENT_GRANTED,
    facts_pb2.CONSENT_STOPPED,
    facts_pb2.CONSENT_BLOCKED,
)


def facts(message_id: str, accepted_at_ms: int = T0, ttl_ms: int = TTL_MS) -> facts_pb2.SendFacts:
    return facts_pb2.SendFacts(
        message_id=message_id,
        business_id=BUSINESS,
        account_id="102290129340398",
        phone_number_id=NUMBER,
        user_ref=CUSTOMER,
        accepted_at_ms=accepted_at_ms,
        expires_at_ms=accepted_at_ms + ttl_ms,
    )


def envelope() -> facts_pb2.Envelope:
    return facts_pb2.Envelope(
        customer_number="16505551234", display_phone_number="15550783881", callback_data="order-1"
    )


def held(message_id: str, accepted_at_ms: int = T0, ttl_ms: int = TTL_MS) -> dispatch_pb2.ContentHeld:
    return dispatch_pb2.ContentHeld(
        facts=facts(message_id, accepted_at_ms, ttl_ms), envelope=envelope(), content=b'{"type":"text"}'
    )


class DeliveryRig(StageRig):
    """Delivery on a rig, in one conversation; each call is one record at ``at_ms``."""

    def __init__(self) -> None:
        self.dropped: list[str] = []
        super().__init__(DeliveryStage(self.dropped.append))

    def say(self, event: Message, at_ms: int = T0) -> list[Emitted]:
        return self.feed(event, CONVERSATION, at_ms)

    def consent(self, consent: facts_pb2.Consent, consent_id: str = "consent.3.1") -> list[Emitted]:
        return self.say(dispatch_pb2.ConsentChanged(consent_id=consent_id, consent=consent))

    def hold(self, message_id: str, ttl_ms: int = TTL_MS) -> list[Emitted]:
        return self.say(held(message_id, ttl_ms=ttl_ms))

    def authorize(self, message_id: str, at_ms: int = T0) -> list[Emitted]:
        return self.say(dispatch_pb2.SendAuthorized(message_id=message_id, pricing=PRICING), at_ms)

    def send(self, message_id: str, ttl_ms: int = TTL_MS) -> list[Emitted]:
        return self.hold(message_id, ttl_ms) + self.authorize(message_id)

    def receipt(self, name: str, receipt: dispatch_pb2.Receipt, at_ms: int) -> list[Emitted]:
        return self.say(
            dispatch_pb2.ReceiptReceived(message_id=name, receipt=receipt, received_at_ms=at_ms), at_ms
        )

    def refuse(self, message_id: str, code: int, *, told: bool = False) -> list[Emitted]:
        refused = dispatch_pb2.SendRefused(message_id=message_id, refused_at_ms=T0)
        refused.refusal.code, refused.refusal.details = code, "Wait."
        if told:
            refused.facts.CopyFrom(facts(message_id))
            refused.envelope.CopyFrom(envelope())
        return self.say(refused)

    def give_up(self, message_id: str) -> list[Emitted]:
        refusal = facts_pb2.Refusal(code=131000, details="Send it again.")
        return self.say(dispatch_pb2.SendFailed(message_id=message_id, refusal=refusal, failed_at_ms=T0 + 1))

    def connect(self, at_ms: int = T0) -> list[Emitted]:
        connected = dispatch_pb2.CustomerConnected(connected_at_ms=at_ms, connection="c1")
        return self.say(connected, at_ms)

    def offline(self, message_id: str) -> list[Emitted]:
        return self.say(dispatch_pb2.CustomerWasOffline(message_id=message_id, attempt=1))

    def notice(self, name: str) -> list[Emitted]:
        return self.say(
            dispatch_pb2.NoticeRequested(
                notice_id=name, phone_number_id=NUMBER, text="You said STOP.", requested_at_ms=T0
            )
        )

    def read_mark(self, message_id: str, number: str = NUMBER) -> list[Emitted]:
        return self.say(
            dispatch_pb2.ReadMarkRequested(message_id=message_id, phone_number_id=number, read_at_ms=T0)
        )


def kinds(emitted: list[Emitted]) -> list[tuple[str, str]]:
    """Topic and kind of each output."""
    return [(each.topic, each.kind) for each in emitted]
