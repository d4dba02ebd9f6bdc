"""Records of the real line, in short words: one business, and as many customers as a test needs."""

import time
from typing import NamedTuple

from google.protobuf.message import Message

from parley.billing.v1 import usage_pb2
from parley.consent.v1 import screened_pb2
from parley.delivery.v1 import dispatch_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from services.contracts.headers import Headers, headers_for
from services.contracts.keys import business_key, conversation_key
from tests.integration.hard_cases.rig.world import World

BUSINESS, ACCOUNT, NUMBER = "506914307656634", "102290129340398", "106540352242922"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PRICING = facts_pb2.Pricing(billable=True, pricing_model="NBP", type="regular", category="service")


class Event(NamedTuple):
    """A record to be written, good or bad."""

    key: bytes
    value: Message | bytes
    headers: Headers


def now_ms() -> int:
    """This machine's time."""
    return int(time.time() * 1000)


def conversation(customer: str) -> bytes:
    """The conversation with a customer such as ``u1_a``."""
    return conversation_key(BUSINESS, customer)


def facts(
    message_id: str, customer: str, accepted_at_ms: int, ttl_ms: int = 30 * DAY_MS
) -> facts_pb2.SendFacts:
    """A free-form message to a customer in North America."""
    return facts_pb2.SendFacts(
        message_id=message_id,
        business_id=BUSINESS,
        account_id=ACCOUNT,
        phone_number_id=NUMBER,
        user_ref=customer,
        destination_prefix="1",
        category=facts_pb2.CATEGORY_SERVICE,
        form=facts_pb2.FORM_FREE_FORM,
        accepted_at_ms=accepted_at_ms,
        expires_at_ms=accepted_at_ms + ttl_ms,
    )


def intake(customer: str, event: Message) -> Event:
    """A member of intake."""
    return _event(intake_pb2.IntakeEvent, conversation(customer), event, customer)


def screened(customer: str, event: Message) -> Event:
    """A member of screened."""
    return _event(screened_pb2.ScreenedEvent, conversation(customer), event, customer)


def usage(customer: str, event: Message) -> Event:
    """A member of usage."""
    return _event(usage_pb2.UsageEvent, business_key(BUSINESS), event, customer)


def dispatch(customer: str, event: Message) -> Event:
    """A member of dispatch."""
    return _event(dispatch_pb2.DispatchEvent, conversation(customer), event, customer)


def send_requested(message_id: str, customer: str, at_ms: int, content: bytes = b"{}") -> Event:
    """A business asks to send."""
    request = intake_pb2.SendRequested(facts=facts(message_id, customer, at_ms), content=content)
    return intake(customer, request)


def wrote(message_id: str, customer: str, at_ms: int, content: bytes = b"{}") -> Event:
    """A customer writes."""
    received = intake_pb2.CustomerMessageReceived(
        message_id=message_id,
        business_id=BUSINESS,
        account_id=ACCOUNT,
        phone_number_id=NUMBER,
        user_ref=customer,
        sent_at_ms=at_ms,
        content=content,
    )
    return intake(customer, received)


def wrote_screened(message_id: str, customer: str, at_ms: int) -> Event:
    """A customer wrote, and has not blocked the business."""
    message = screened_pb2.CustomerMessageScreened(
        message_id=message_id,
        business_id=BUSINESS,
        account_id=ACCOUNT,
        phone_number_id=NUMBER,
        user_ref=customer,
        sent_at_ms=at_ms,
    )
    return screened(customer, message)


def send_screened(message_id: str, customer: str, at_ms: int) -> Event:
    """A request that consent permits."""
    return screened(customer, screened_pb2.SendScreened(facts=facts(message_id, customer, at_ms)))


def send_assessed(message_id: str, customer: str, at_ms: int) -> Event:
    """A request with its window, which is closed."""
    return usage(customer, usage_pb2.SendAssessed(facts=facts(message_id, customer, at_ms)))


def content_held(message_id: str, customer: str, at_ms: int, ttl_ms: int = 30 * DAY_MS) -> Event:
    """The content of a permitted request."""
    return dispatch(customer, dispatch_pb2.ContentHeld(facts=facts(message_id, customer, at_ms, ttl_ms)))


def authorized(message_id: str, customer: str) -> Event:
    """A request that may be sent."""
    return dispatch(customer, dispatch_pb2.SendAuthorized(message_id=message_id, pricing=PRICING))


def undecodable(event: Event) -> Event:
    """The same with a value that is no message; headers and key are as they were."""
    return event._replace(value=b"\xff\xff")


def misplaced(event: Event, customer: str) -> Event:
    """The same under the key of another conversation."""
    return event._replace(key=conversation(customer))


def put(world: World, *events: Event, at_ms: int | None = None) -> None:
    """Write them in this order, all of one time."""
    at_ms = now_ms() if at_ms is None else at_ms
    for key, value, headers in events:
        world.put(key, value, headers, at_ms)
    world.flush()


def _event(record: type[Message], key: bytes, event: Message, customer: str) -> Event:
    members = record.DESCRIPTOR.oneofs_by_name["event"].fields
    kind = next(field.name for field in members if field.message_type is event.DESCRIPTOR)
    value = record(**{kind: event})
    message_id = getattr(event, "message_id", "") or getattr(getattr(event, "facts", None), "message_id", "")
    headers = headers_for(value, kind, message_id=message_id, conversation=conversation(customer))
    return Event(key, value, headers)
