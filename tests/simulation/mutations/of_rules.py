"""Stages whose rules are wrong in one point."""

from collections.abc import Iterable, Iterator

from google.protobuf.message import Message

from parley.billing.v1 import usage_pb2
from parley.consent.v1 import screened_pb2
from parley.delivery.v1 import dispatch_pb2, statuses_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from services.consent.stage import ConsentStage
from services.contracts.catalogue import topic
from services.contracts.headers import KIND, header
from services.contracts.keys import business_key, split_conversation
from services.delivery.stage import DeliveryStage
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.record import Cause, Output, emit
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen
from services.session_window.stage import SessionWindowStage


class WindowByProcessingTime(SessionWindowStage):
    """A customer's message counts from when the process has got to it."""

    def __init__(self) -> None:
        super().__init__()
        self._now_ms = 0

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        self._now_ms = max(self._now_ms, cause.timestamp_ms)
        if isinstance(event, screened_pb2.CustomerMessageScreened):
            event.sent_at_ms = self._now_ms
        return super().apply(kind, event, cause, rows, settings)


class RepeatsPass(ConsentStage):
    """A customer's message that comes again passes again."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        if isinstance(event, intake_pb2.CustomerMessageReceived):
            rows.delete(cause.key + b"/m/" + event.message_id.encode())
        return super().apply(kind, event, cause, rows, settings)


class RepeatReopensTheWindow(SessionWindowStage):
    """The window's last message, when it comes again, counts from then."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        if isinstance(event, screened_pb2.CustomerMessageScreened):
            row = rows.get(cause.key + b"/" + event.phone_number_id.encode())
            if row is not None and row.last_message_id == event.message_id:  # type: ignore[attr-defined]
                event.sent_at_ms = cause.timestamp_ms
        return super().apply(kind, event, cause, rows, settings)


class ConsentOnceIsEnough(DeliveryStage):
    """Who consented when the request came is not asked again when it is dispatched."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        if isinstance(event, dispatch_pb2.ConsentChanged):
            event.consent = facts_pb2.CONSENT_GRANTED
        return super().apply(kind, event, cause, rows, settings)


class ReportsEveryReceipt(DeliveryStage):
    """Each receipt is an outcome for rate-and-bill."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterator[Output]:
        outputs = list(super().apply(kind, event, cause, rows, settings))
        yield from outputs
        told = any(output.topic.name == "usage" for output in outputs)
        if isinstance(event, dispatch_pb2.ReceiptReceived) and not told:
            outcome = usage_pb2.MessageDelivered(
                message_id=event.message_id, delivered_at_ms=event.received_at_ms
            )
            usage = usage_pb2.UsageEvent(message_delivered=outcome)
            business = business_key(split_conversation(cause.key)[0])
            yield emit(topic("usage"), business, usage, "message_delivered", conversation=cause.key)


class ChargesEveryReceipt(RateAndBillStage):
    """A message stays open after its charge."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        if not isinstance(event, usage_pb2.MessageDelivered):
            return super().apply(kind, event, cause, rows, settings)
        row_key = cause.key + b"/" + event.message_id.encode()
        row = rows.get(row_key)
        outputs = list(super().apply(kind, event, cause, rows, settings))
        if row is not None:
            rows.put(row_key, row)
        return outputs


class ForgetsToVoid(RateAndBillStage):
    """What was reserved for a message that is not delivered stays reserved."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        if isinstance(event, usage_pb2.MessageUndelivered):
            rows.delete(cause.key + b"/" + event.message_id.encode())
            return []
        return super().apply(kind, event, cause, rows, settings)


class StatusGoesBack(DeliveryStage):
    """After ``read``, delivery is reported too."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterator[Output]:
        for output in super().apply(kind, event, cause, rows, settings):
            yield output
            if output.topic.name == "statuses" and header(output.headers, KIND) == b"read":
                back = statuses_pb2.StatusEvent.FromString(output.value or b"")
                back.delivered.SetInParent()
                yield emit(output.topic, output.key, back, "delivered", message_id=back.message_id)
