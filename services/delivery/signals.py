"""Notices and read marks: shown to the customer like messages, but without status, price or consent rule."""

from collections.abc import Iterator

from parley.delivery.v1 import delivery_row_pb2 as row_pb2
from parley.delivery.v1 import dispatch_pb2
from services.delivery import reports, rules
from services.delivery.conversation import Conversation
from services.runtime.record import Output


def request_notice(
    conversation: Conversation, notice: dispatch_pb2.NoticeRequested, traceparent: bytes | None
) -> Iterator[Output]:
    """A STOP or START is to be confirmed."""
    signal = row_pb2.DeliverySignal(
        phone_number_id=notice.phone_number_id, notice=notice, traceparent=traceparent or b""
    )
    yield from _begin(conversation, notice.notice_id, signal, notice.requested_at_ms)


def request_read_mark(
    conversation: Conversation,
    mark_id: str,
    read_mark: dispatch_pb2.ReadMarkRequested,
    traceparent: bytes | None,
) -> Iterator[Output]:
    """The business has read a customer's message; a mark that still waits for the same number is outdated."""
    for name in list(conversation.standing.waiting):
        row = conversation.named(name)
        if row is not None and row.signal.read_mark.phone_number_id == read_mark.phone_number_id:
            yield from end(conversation, name)
    signal = row_pb2.DeliverySignal(
        phone_number_id=read_mark.phone_number_id, read_mark=read_mark, traceparent=traceparent or b""
    )
    yield from _begin(conversation, mark_id, signal, read_mark.read_at_ms)


def attempt_again(
    conversation: Conversation, name: str, signal: row_pb2.DeliverySignal, connection: str
) -> Iterator[Output]:
    """The customer can be reached again by ``connection``."""
    if not rules.may_signal(conversation.consent):
        yield from end(conversation, name)
        return
    signal.attempts += 1
    asked_at_ms = signal.notice.requested_at_ms or signal.read_mark.read_at_ms
    conversation.put_signal(name, signal, asked_at_ms + rules.SIGNAL_TTL_MS)
    yield reports.signal(conversation, name, signal, connection)


def end(conversation: Conversation, name: str) -> Iterator[Output]:
    """The customer has seen it, or never will."""
    row = conversation.named(name)
    conversation.forget(name)
    if conversation.end_waiting(name):
        yield reports.ended(conversation, name, row.signal.traceparent if row is not None else b"")


def _begin(
    conversation: Conversation, name: str, signal: row_pb2.DeliverySignal, at_ms: int
) -> Iterator[Output]:
    if conversation.is_full or not rules.may_signal(conversation.consent):
        return
    signal.attempts = 1
    conversation.put_signal(name, signal, at_ms + rules.SIGNAL_TTL_MS)
    conversation.wait(name)
    yield reports.signal(conversation, name, signal, "")
