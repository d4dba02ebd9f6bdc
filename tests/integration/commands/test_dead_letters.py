"""What was set aside is listed, shown and replayed."""

from typing import Any

import pytest
from confluent_kafka import Producer

from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from parley.runtime.v1 import runtime_pb2
from services.identity.message_id import Kind, MessageId
from services.identity.references import user_ref
from tests.integration.commands.rig import CUSTOMER, KEY, Operator

pytestmark = pytest.mark.integration


def test_nothing_was_charged_or_set_aside(operator: Operator) -> None:
    assert operator.parley("ledger", "tail").out == ""
    assert operator.parley("dead-letters", "list").out == ""
    assert "no dead letter 0.7" in operator.parley("dead-letters", "show", "0.7").sentence


def set_aside(operator: Operator, account: dict[str, Any]) -> str:
    """Put a request of the account among the dead letters; returns its message id."""
    customer = user_ref(KEY, CUSTOMER)
    business_id, phone_number_id = account["business_id"], account["phone_number_id"]
    facts = facts_pb2.SendFacts(
        message_id=MessageId(Kind.OUTBOUND, business_id, phone_number_id, customer, bytes(16)).seal(KEY),
        business_id=business_id,
        account_id=account["account_id"],
        phone_number_id=phone_number_id,
        user_ref=customer,
    )
    request = intake_pb2.IntakeEvent(send_requested=intake_pb2.SendRequested(facts=facts, content=b"{}"))
    letter = runtime_pb2.DeadLettered(
        stage="consent",
        topic=operator.prefix + "intake",
        kind="send_requested",
        message_id=facts.message_id,
        reason="failing",
        value=request.SerializeToString(),
    )
    producer = Producer(operator.kafka.librdkafka())
    producer.produce(operator.prefix + "dead-letters", value=letter.SerializeToString(), partition=0)
    assert producer.flush(10) == 0
    return facts.message_id


def test_a_dead_letter_is_listed_shown_and_replayed(operator: Operator, account: dict[str, Any]) -> None:
    failed = set_aside(operator, account)
    (listed,) = operator.parley("dead-letters", "list").objects
    assert (listed["stage"], listed["kind"], listed["reason"]) == ("consent", "send_requested", "failing")
    shown = operator.parley("dead-letters", "show", listed["id"]).object
    assert shown["value"]["send_requested"]["facts"]["message_id"] == failed
    replayed = operator.parley("dead-letters", "replay", listed["id"]).object
    assert replayed["replays"] == failed != replayed["message_id"]
    (step,) = operator.parley("trace", replayed["message_id"]).objects
    assert (step["topic"], step["kind"], step["after_ms"]) == ("intake", "send_requested", 0)
    assert operator.parley("trace", "wamid.unknown").status == 1
