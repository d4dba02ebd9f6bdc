"""One event, one update: the JSON that a business receives, in the exact shape of the Cloud API.

Contract: Cloud API webhooks, one update a POST, `contacts[0]` on every one, times as strings of seconds
(`user_preferences`: a number). `conversation` is left out, as Meta does since v24.0. The same event always
gives the same bytes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parley.delivery.v1 import statuses_pb2
from parley.inbox.v1 import inbox_pb2
from parley.message.v1 import facts_pb2
from services.delivery.webhooks.error_titles import ERROR_CODES_URL, title_of

UserIds = Callable[[str, str], str]
"""`user_id` of a customer: (business_id, number) to country code, dot, digits."""

IsOurs = Callable[[str], bool]
"""Whether a message id names a message of the business, not one of the customer."""

STATUS_WORDS = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "expired": "failed",
}
"""Status events that become an update, and the word that it shows. Others are for the log alone."""

Json = dict[str, Any]

_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Update:
    """The body of one webhook, and what it is about."""

    account_id: str
    message_id: str
    body: bytes


class Updates:
    """Turns events into updates."""

    def __init__(self, user_ids: UserIds, is_ours: IsOurs) -> None:
        self._user_ids = user_ids
        self._is_ours = is_ours

    def of_status(self, event: statuses_pb2.StatusEvent) -> Update | None:
        """The update of a status; None for a status that is not reported."""
        what = event.WhichOneof("event")
        word = STATUS_WORDS.get(what or "")
        if word is None:
            return None
        user_id = self._user_ids(event.business_id, event.customer_number)
        status: Json = {
            "id": event.message_id,
            "status": word,
            "timestamp": _seconds(event.occurred_at_ms),
            "recipient_id": event.customer_number,
            "recipient_user_id": user_id,
        }
        if event.callback_data:
            status["biz_opaque_callback_data"] = event.callback_data
        if word == "failed":
            refusal = event.failed.refusal if what == "failed" else event.expired.refusal
            status["errors"] = [_error(refusal)]
        elif event.HasField("pricing"):
            status["pricing"] = _pricing(event.pricing)
        value = _value(event, user_id, event.customer_number)
        value["statuses"] = [status]
        return Update(event.account_id, event.message_id, _body(event.account_id, "messages", value))

    def of_inbox(self, event: inbox_pb2.InboxEvent) -> Update | None:
        """The update of what a customer said; None for an event that is not reported."""
        user_id = self._user_ids(event.business_id, event.customer_number)
        value = _value(event, user_id, event.profile_name or event.customer_number)
        what = event.WhichOneof("event")
        if what == "message_received":
            value["messages"] = [self._message(event, user_id)]
            body = _body(event.account_id, "messages", value)
            return Update(event.account_id, event.message_received.message_id, body)
        if what == "preference_changed":
            value["user_preferences"] = [_preference(event)]
            body = _body(event.account_id, "user_preferences", value)
            return Update(event.account_id, event.preference_changed.message_id, body)
        return None

    def _message(self, event: inbox_pb2.InboxEvent, user_id: str) -> Json:
        received = event.message_received
        message: Json = {}
        if received.context_message_id:
            quotes_ours = self._is_ours(received.context_message_id)
            author = event.display_phone_number if quotes_ours else event.customer_number
            message["context"] = {"from": author, "id": received.context_message_id}
        if received.referral_json:
            message["referral"] = json.loads(received.referral_json)
        message["from"] = event.customer_number
        message["from_user_id"] = user_id
        message["id"] = received.message_id
        message["timestamp"] = _seconds(received.sent_at_ms)
        for name, part in json.loads(received.content).items():
            message.setdefault(name, part)  # content never speaks for what the platform states
        return message


def _body(account_id: str, field: str, value: Json) -> bytes:
    change = {"value": value, "field": field}
    update = {"object": "whatsapp_business_account", "entry": [{"id": account_id, "changes": [change]}]}
    return _encode(update).encode("ascii")


def _value(event: statuses_pb2.StatusEvent | inbox_pb2.InboxEvent, user_id: str, name: str) -> Json:
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": event.display_phone_number,
            "phone_number_id": event.phone_number_id,
        },
        "contacts": [{"profile": {"name": name}, "wa_id": event.customer_number, "user_id": user_id}],
    }


def _pricing(pricing: facts_pb2.Pricing) -> Json:
    return {
        "billable": pricing.billable,
        "pricing_model": pricing.pricing_model,
        "type": pricing.type,
        "category": pricing.category,
    }


def _error(refusal: facts_pb2.Refusal) -> Json:
    title = title_of(refusal.code)
    return {
        "code": refusal.code,
        "title": title,
        "message": title,
        "error_data": {"details": refusal.details},
        "href": ERROR_CODES_URL,
    }


def _preference(event: inbox_pb2.InboxEvent) -> Json:
    changed = event.preference_changed
    value = "stop" if changed.stopped else "resume"
    return {
        "wa_id": event.customer_number,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": changed.changed_at_ms // 1000,
    }


def _seconds(at_ms: int) -> str:
    return str(at_ms // 1000)
