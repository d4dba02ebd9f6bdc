"""Realistic input for every stage: conversations as they go, judged by the stages themselves.

In each conversation the customer writes, the business answers twice, and the phone confirms and reads each
answer. So consent and session-window see one customer's message for two requests, rate-and-bill two records a
request and delivery four.
"""

from collections.abc import Iterator

from parley.delivery.v1 import dispatch_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.rate_and_bill.plan_file import read_plan, shipped_plans
from services.runtime.record import Record
from tests.line.stages import Line

PLAN = "launch-2018"
BUSINESSES = 40
ANSWERS = 2
TTL_MS = 30 * 24 * 3_600_000
CONTENT = b'{"type":"text","text":{"body":"Your order 860198 has left our warehouse and arrives tomorrow."}}'
INTAKE, DISPATCH = topic("intake"), topic("dispatch")


def backlog(conversations: int, now_ms: int) -> Line:
    """A line on which so many conversations have taken place just now."""
    line = Line()
    plan = read_plan(shipped_plans()[PLAN])
    line.set(settings_pb2.SettingChanged(key=f"price-plan/{PLAN}", price_plan=plan), 1)
    for number in range(BUSINESSES):
        business = settings_pb2.Business(
            business_id=_business(number), currency="USD", time_zone="UTC", plan=PLAN
        )
        line.set(settings_pb2.SettingChanged(key=f"business/{business.business_id}", business=business), 1)
    for number in range(conversations):
        business_id, user_ref = _business(number % BUSINESSES), f"u1_{number:022d}"
        key = conversation_key(business_id, user_ref)
        wrote = _customer_message(business_id, user_ref, number, now_ms)
        line.write(
            INTAKE,
            key,
            intake_pb2.IntakeEvent(customer_message_received=wrote),
            "customer_message_received",
            now_ms,
        )
        for answer in range(ANSWERS):
            asked = _request(business_id, user_ref, number * ANSWERS + answer, now_ms)
            line.write(INTAKE, key, intake_pb2.IntakeEvent(send_requested=asked), "send_requested", now_ms)
    for message_id, key in _attempts(line.run()):
        for receipt in (dispatch_pb2.RECEIPT_DELIVERED, dispatch_pb2.RECEIPT_READ):
            received = dispatch_pb2.ReceiptReceived(
                message_id=message_id, receipt=receipt, received_at_ms=now_ms
            )
            event = dispatch_pb2.DispatchEvent(receipt_received=received)
            line.write(DISPATCH, key, event, "receipt_received", now_ms)
    line.run()
    return line


def _attempts(made: list[Record]) -> Iterator[tuple[str, bytes]]:
    for record in made:
        if record.topic == "outbox" and record.value is not None:
            user_ref, _, message_id = record.key.decode().partition("/")
            number = int(user_ref.removeprefix("u1_"))
            yield message_id, conversation_key(_business(number % BUSINESSES), user_ref)


def _business(number: int) -> str:
    return f"{506_914_307_000_000 + number}"


def _customer_message(
    business_id: str, user_ref: str, number: int, now_ms: int
) -> intake_pb2.CustomerMessageReceived:
    return intake_pb2.CustomerMessageReceived(
        message_id=_wamid("in", number),
        business_id=business_id,
        account_id="102290129340398",
        phone_number_id="106540352242922",
        user_ref=user_ref,
        envelope=_envelope(),
        sent_at_ms=now_ms - 1_000,
        content=CONTENT,
    )


def _request(business_id: str, user_ref: str, number: int, now_ms: int) -> intake_pb2.SendRequested:
    facts = facts_pb2.SendFacts(
        message_id=_wamid("out", number),
        business_id=business_id,
        account_id="102290129340398",
        phone_number_id="106540352242922",
        user_ref=user_ref,
        destination_prefix="1",
        category=facts_pb2.CATEGORY_SERVICE,
        form=facts_pb2.FORM_FREE_FORM,
        accepted_at_ms=now_ms,
        expires_at_ms=now_ms + TTL_MS,
    )
    return intake_pb2.SendRequested(facts=facts, envelope=_envelope(), content=CONTENT)


def _envelope() -> facts_pb2.Envelope:
    return facts_pb2.Envelope(customer_number="16505551234", display_phone_number="15550783881")


def _wamid(way: str, number: int) -> str:
    """As long as a real one."""
    return f"wamid.{way:_<4}{number:083d}"
