"""The JSON that businesses receive, compared whole with the Cloud API's contract."""

import json
from typing import Any

import pytest

from parley.delivery.v1 import statuses_pb2
from parley.inbox.v1 import inbox_pb2
from parley.message.v1 import facts_pb2
from services.delivery.webhooks.updates import Update, Updates
from tests.unit.webhooks import events as given

USER_ID = "US.13491208655302741918"
HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
METADATA = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
LATE = "Message failed to send because more than 24 hours have passed since the customer last replied."


def user_id(business_id: str, number: str) -> str:
    assert (business_id, number) == (given.BUSINESS, given.CUSTOMER)
    return USER_ID


UPDATES = Updates(user_id, lambda message_id: message_id == "wamid.OURS")


def contact(name: str) -> dict[str, Any]:
    return {"profile": {"name": name}, "wa_id": "16505551234", "user_id": USER_ID}


def envelope(field: str, name: str, **value: Any) -> dict[str, Any]:
    shared = {"messaging_product": "whatsapp", "metadata": METADATA, "contacts": [contact(name)]}
    change = {"field": field, "value": {**shared, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}


def status_value(word: str, **more: Any) -> dict[str, Any]:
    return {
        "id": given.MESSAGE,
        "status": word,
        "timestamp": "1750263773",
        "recipient_id": "16505551234",
        "recipient_user_id": USER_ID,
        **more,
    }


def error(code: int, title: str, details: str) -> dict[str, Any]:
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details},
        "href": HREF,
    }


PRICING = facts_pb2.Pricing(billable=True, pricing_model="NBP", type="regular", category="utility")
PRICING_JSON = {"billable": True, "pricing_model": "NBP", "type": "regular", "category": "utility"}
FREE = facts_pb2.Pricing(
    billable=False, pricing_model="PMP", type="free_customer_service", category="service"
)
FREE_JSON = {
    "billable": False,
    "pricing_model": "PMP",
    "type": "free_customer_service",
    "category": "service",
}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(given.status("sent"), status_value("sent"), id="sent, price not known"),
        pytest.param(
            given.status("sent", pricing=PRICING, callback_data="order-860198"),
            status_value("sent", pricing=PRICING_JSON, biz_opaque_callback_data="order-860198"),
            id="sent, priced, with callback data",
        ),
        pytest.param(
            given.status("delivered", pricing=FREE),
            status_value("delivered", pricing=FREE_JSON),
            id="delivered, free",
        ),
        pytest.param(
            given.status("read", pricing=PRICING), status_value("read", pricing=PRICING_JSON), id="read"
        ),
        pytest.param(
            given.status("failed", 131047, LATE, pricing=PRICING, callback_data="c"),
            status_value(
                "failed", biz_opaque_callback_data="c", errors=[error(131047, "Re-engagement message", LATE)]
            ),
            id="failed says why and shows no price",
        ),
        pytest.param(
            given.status("expired", 131026, "Nobody received it in 30 days."),
            status_value(
                "failed", errors=[error(131026, "Message undeliverable", "Nobody received it in 30 days.")]
            ),
            id="expired shows as failed",
        ),
        pytest.param(
            given.status("failed", 999_999, "?"),
            status_value("failed", errors=[error(999_999, "Something went wrong", "?")]),
            id="a code without a title of its own",
        ),
    ],
)
def test_a_status(event: statuses_pb2.StatusEvent, expected: dict[str, Any]) -> None:
    update = UPDATES.of_status(event)
    assert update is not None
    assert json.loads(update.body) == envelope("messages", "16505551234", statuses=[expected])
    assert (update.account_id, update.message_id) == (given.ACCOUNT, given.MESSAGE)


@pytest.mark.parametrize("what", ["accepted", "delivered_late"])
def test_statuses_that_stay_inside(what: str) -> None:
    assert UPDATES.of_status(given.status(what)) is None


def test_an_event_without_content_stays_inside() -> None:
    assert UPDATES.of_status(statuses_pb2.StatusEvent()) is None
    assert UPDATES.of_inbox(given.inbox()) is None


IN = {
    "from": "16505551234",
    "from_user_id": USER_ID,
    "id": "wamid.IN",
    "timestamp": "1750263773",
    "type": "text",
    "text": {"body": "Grüße 👋"},
}
TEXT = json.dumps({"type": "text", "text": {"body": "Grüße 👋"}}).encode()
AD = {"source_url": "https://fb.me/3cr4Wqqkv", "source_id": "120226305854810726", "source_type": "ad"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(given.received(TEXT), IN, id="text"),
        pytest.param(
            given.received(TEXT, context_message_id="wamid.OURS"),
            {**IN, "context": {"from": "15550783881", "id": "wamid.OURS"}},
            id="answer to a message of the business",
        ),
        pytest.param(
            given.received(TEXT, context_message_id="wamid.THEIRS"),
            {**IN, "context": {"from": "16505551234", "id": "wamid.THEIRS"}},
            id="answer to a message of the customer's own",
        ),
        pytest.param(
            given.received(TEXT, referral_json=json.dumps(AD).encode()),
            {**IN, "referral": AD},
            id="from an ad",
        ),
        pytest.param(
            given.received(
                b'{"type":"text","text":{"body":"x"},"from":"0","id":"forged","from_user_id":"0","timestamp":"0"}'
            ),
            {**IN, "text": {"body": "x"}},
            id="content that speaks for the platform",
        ),
    ],
)
def test_a_message(event: inbox_pb2.InboxEvent, expected: dict[str, Any]) -> None:
    update = UPDATES.of_inbox(event)
    assert update is not None
    assert json.loads(update.body) == envelope("messages", "Sheena Nelson", messages=[expected])
    assert update.message_id == "wamid.IN"


@pytest.mark.parametrize(("stopped", "word"), [(True, "stop"), (False, "resume")])
def test_a_preference(stopped: bool, word: str) -> None:
    update = UPDATES.of_inbox(given.preference(stopped))
    assert update is not None
    assert json.loads(update.body) == envelope(
        "user_preferences",
        "16505551234",
        user_preferences=[
            {
                "wa_id": "16505551234",
                "detail": f"User requested to {word} marketing messages",
                "category": "marketing_messages",
                "value": word,
                "timestamp": 1750263773,
            }
        ],
    )


def _bytes(update: Update | None) -> bytes:
    assert update is not None
    return update.body


def test_the_same_event_gives_the_same_plain_ascii_bytes() -> None:
    body = _bytes(UPDATES.of_inbox(given.received(TEXT)))
    assert body == _bytes(UPDATES.of_inbox(given.received(TEXT)))
    assert body.isascii()
    assert b"Gr\\u00fc\\u00dfe \\ud83d\\udc4b" in body


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe"])
def test_content_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        UPDATES.of_inbox(given.received(body))
