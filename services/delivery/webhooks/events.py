"""Records of statuses, inbox and the retry tiers, as errands."""

from collections.abc import Callable

from aiokafka import ConsumerRecord
from google.protobuf.message import DecodeError

from parley.delivery.v1 import statuses_pb2, webhook_retry_pb2
from parley.inbox.v1 import inbox_pb2
from services.contracts.headers import CONVERSATION, TRACEPARENT, header
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.updates import Updates

Settled = Callable[[], None]


class Unreadable(ValueError):
    """The record is not what its topic declares."""


def errand_of_status(updates: Updates, record: ConsumerRecord, settled: Settled) -> Errand | None:
    """The errand of a record of `statuses`; None when it makes no webhook. Raises Unreadable."""
    try:
        update = updates.of_status(statuses_pb2.StatusEvent.FromString(record.value or b""))
    except (DecodeError, ValueError) as error:
        raise Unreadable(str(error)) from error
    if update is None:
        return None
    return Errand(
        update.account_id,
        record.key,
        update.message_id,
        update.body,
        settled,
        recorded_at_ms=record.timestamp,
        traceparent=header(record.headers, TRACEPARENT),
    )


def errand_of_inbox(updates: Updates, record: ConsumerRecord, settled: Settled) -> Errand | None:
    """The errand of a record of `inbox`; None when it makes no webhook. Raises Unreadable."""
    try:
        update = updates.of_inbox(inbox_pb2.InboxEvent.FromString(record.value or b""))
    except (DecodeError, ValueError, AttributeError) as error:
        raise Unreadable(str(error)) from error
    if update is None:
        return None
    return Errand(
        update.account_id,
        record.key,
        update.message_id,
        update.body,
        settled,
        recorded_at_ms=record.timestamp,
        traceparent=header(record.headers, TRACEPARENT),
    )


def errand_of_retry(record: ConsumerRecord, settled: Settled) -> tuple[Errand, int]:
    """The errand of a record of a retry tier, and when it is due (Unix milliseconds). Raises Unreadable."""
    try:
        deferred = webhook_retry_pb2.WebhookDeferred.FromString(record.value or b"")
    except DecodeError as error:
        raise Unreadable(str(error)) from error
    errand = Errand(
        deferred.account_id,
        header(record.headers, CONVERSATION) or deferred.message_id.encode(),
        deferred.message_id,
        deferred.body,
        settled,
        traceparent=header(record.headers, TRACEPARENT),
        tries=deferred.tries,
        first_tried_at_ms=deferred.first_tried_at_ms,
    )
    return errand, deferred.due_at_ms
