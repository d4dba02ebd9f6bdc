"""A real Cloud API client reads our updates, with every field that it looks for."""

import json
from typing import Any

import pytest
from pywa.client import WhatsApp
from pywa.errors import ReEngagementMessage
from pywa.types.message import Message
from pywa.types.message_status import MessageStatus

from parley.message.v1 import facts_pb2
from services.delivery.webhooks.updates import Updates
from tests.unit.webhooks import events as given

UPDATES = Updates(lambda _, __: "US.13491208655302741918", lambda _: True)


@pytest.fixture
def client() -> WhatsApp:
    return WhatsApp(phone_id=given.PHONE_NUMBER_ID, token="t", server=None)


def parsed(body: bytes) -> Any:
    return json.loads(body)


def test_it_reads_a_status(client: WhatsApp) -> None:
    pricing = facts_pb2.Pricing(
        billable=False, pricing_model="PMP", type="free_customer_service", category="service"
    )
    update = UPDATES.of_status(given.status("delivered", pricing=pricing, callback_data="order-1"))
    assert update is not None
    status = MessageStatus.from_update(client, parsed(update.body))
    assert status.id == given.MESSAGE
    assert status.status == "delivered"
    assert status.from_user.wa_id == given.CUSTOMER
    assert status.tracker == "order-1"
    assert status.pricing is not None
    assert status.pricing.billable is False


def test_it_reads_a_failure(client: WhatsApp) -> None:
    update = UPDATES.of_status(given.status("failed", 131047, "Too late."))
    assert update is not None
    status = MessageStatus.from_update(client, parsed(update.body))
    assert isinstance(status.error, ReEngagementMessage)
    assert status.error.details == "Too late."


def test_it_reads_a_message(client: WhatsApp) -> None:
    update = UPDATES.of_inbox(given.received(b'{"type":"text","text":{"body":"Hi"}}'))
    assert update is not None
    message = Message.from_update(client, parsed(update.body))
    assert message.text == "Hi"
    assert message.from_user.name == "Sheena Nelson"
    assert message.metadata.phone_number_id == given.PHONE_NUMBER_ID
