"""Events as statuses and inbox carry them, for tests of what they become outside."""

from parley.delivery.v1 import statuses_pb2
from parley.inbox.v1 import inbox_pb2
from parley.message.v1 import facts_pb2

BUSINESS = "506914307656634"
ACCOUNT = "102290129340398"
PHONE_NUMBER_ID = "106540352242922"
DISPLAY = "15550783881"
CUSTOMER = "16505551234"
AT_MS = 1_750_263_773_987
MESSAGE = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjY1"


def status(what: str, code: int = 0, details: str = "", **fields: object) -> statuses_pb2.StatusEvent:
    """A status event; `what` is the oneof member, `code` and `details` those of a failure."""
    event = statuses_pb2.StatusEvent(
        message_id=MESSAGE,
        business_id=BUSINESS,
        account_id=ACCOUNT,
        phone_number_id=PHONE_NUMBER_ID,
        display_phone_number=DISPLAY,
        user_ref="u1_AAAA",
        customer_number=CUSTOMER,
        occurred_at_ms=AT_MS,
    )
    getattr(event, what).SetInParent()
    if code:
        getattr(event, what).refusal.CopyFrom(facts_pb2.Refusal(code=code, details=details))
    for name, value in fields.items():
        if isinstance(value, facts_pb2.Pricing):
            event.pricing.CopyFrom(value)
        else:
            setattr(event, name, value)
    return event


def inbox(profile_name: str = "") -> inbox_pb2.InboxEvent:
    """An inbox event without what happened."""
    return inbox_pb2.InboxEvent(
        business_id=BUSINESS,
        account_id=ACCOUNT,
        phone_number_id=PHONE_NUMBER_ID,
        display_phone_number=DISPLAY,
        user_ref="u1_AAAA",
        customer_number=CUSTOMER,
        profile_name=profile_name,
    )


def received(content: bytes, **fields: object) -> inbox_pb2.InboxEvent:
    """A customer's message."""
    event = inbox(profile_name="Sheena Nelson")
    event.message_received.CopyFrom(
        inbox_pb2.MessageReceived(message_id="wamid.IN", sent_at_ms=AT_MS, content=content, **fields)  # type: ignore[arg-type]
    )
    return event


def preference(stopped: bool) -> inbox_pb2.InboxEvent:
    """A STOP or START word."""
    event = inbox()
    event.preference_changed.CopyFrom(
        inbox_pb2.PreferenceChanged(changed_at_ms=AT_MS, stopped=stopped, message_id="wamid.IN")
    )
    return event
