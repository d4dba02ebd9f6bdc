"""What delivery is told about a request: send it, at this pricing, or do not."""

from parley.billing.v1 import rating_row_pb2
from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.rate_and_bill.rules import Refused
from services.runtime.record import Output, emit

DISPATCH = topic("dispatch")


def authorized(message: rating_row_pb2.OpenMessage) -> Output:
    """The message may be sent, and webhooks report ``message.pricing``."""
    facts = message.assessed.facts
    event = dispatch_pb2.DispatchEvent()
    event.send_authorized.message_id = facts.message_id
    event.send_authorized.pricing.CopyFrom(message.pricing)
    return _to_delivery(facts, event, "send_authorized")


def refused(facts: facts_pb2.SendFacts, verdict: Refused) -> Output:
    """The message may not be sent. Delivery holds its content already and ends it as failed."""
    event = dispatch_pb2.DispatchEvent()
    refusal = event.send_refused
    refusal.message_id = facts.message_id
    refusal.refusal.code = verdict.code
    refusal.refusal.details = verdict.details
    refusal.refused_at_ms = facts.accepted_at_ms
    return _to_delivery(facts, event, "send_refused")


def _to_delivery(facts: facts_pb2.SendFacts, event: dispatch_pb2.DispatchEvent, kind: str) -> Output:
    key = conversation_key(facts.business_id, facts.user_ref)
    return emit(DISPATCH, key, event, kind, message_id=facts.message_id)
