"""A message from acceptance to its end: each function takes one event in and yields what follows from it."""

from collections.abc import Iterator

from parley.delivery.v1 import delivery_row_pb2 as row_pb2
from parley.delivery.v1 import dispatch_pb2, statuses_pb2
from parley.message.v1 import facts_pb2
from services.delivery import reports, rules
from services.delivery.conversation import Conversation
from services.delivery.rules import Effect, Ending, Receipt, Stand
from services.runtime.record import Output


def begin(held: dispatch_pb2.ContentHeld, traceparent: bytes | None) -> row_pb2.DeliveryMessage:
    """A message as it is accepted; all that is told about it from now on carries ``traceparent``."""
    return row_pb2.DeliveryMessage(held=held, stand=row_pb2.STAND_ACCEPTED, traceparent=traceparent or b"")


def hold(
    conversation: Conversation, held: dispatch_pb2.ContentHeld, traceparent: bytes | None
) -> Iterator[Output]:
    """A permitted request's content is here and waits for its authorization."""
    message = begin(held, traceparent)
    conversation.put_waiting(message)
    yield reports.status(
        conversation, message, "accepted", statuses_pb2.MessageAccepted(), held.facts.accepted_at_ms
    )


def authorize(
    conversation: Conversation,
    message: row_pb2.DeliveryMessage,
    pricing: facts_pb2.Pricing,
    at_ms: int,
) -> Iterator[Output]:
    """rate-and-bill let the message pass: hand it to the channel, or say that it will not be received."""
    message.pricing.CopyFrom(pricing)
    if Stand(message.stand) is not Stand.ACCEPTED:
        conversation.put_ended(message)
        yield _undelivered(conversation, message)
        return
    ending = rules.objection(conversation.consent) or (rules.TOO_MANY_WAIT if conversation.is_full else None)
    if ending is not None:
        yield from end(conversation, message, Stand.FAILED, ending, at_ms)
        return
    message.stand = row_pb2.STAND_SENT
    conversation.wait(message.held.facts.message_id)
    yield _attempt(conversation, message, "")
    yield reports.status(conversation, message, "sent", statuses_pb2.MessageSent(), at_ms)


def attempt_again(
    conversation: Conversation, message: row_pb2.DeliveryMessage, connection: str, at_ms: int
) -> Iterator[Output]:
    """The customer can be reached again by ``connection``: a new attempt, if consent still permits it."""
    ending = rules.objection(conversation.consent)
    if ending is None:
        yield _attempt(conversation, message, connection)
    else:
        yield from end(conversation, message, Stand.FAILED, ending, at_ms)


def receive(
    conversation: Conversation,
    message: row_pb2.DeliveryMessage,
    receipt: Receipt,
    at_ms: int,
) -> Iterator[Output]:
    """The customer's side confirms a message."""
    if receipt is Receipt.READ:
        receipt = rules.counts_as(receipt, conversation.consent)
    match rules.effect(Stand(message.stand), receipt):
        case Effect.FIRST:
            yield from _first_receipt(conversation, message, receipt, at_ms)
        case Effect.READ_AT_LAST:
            conversation.settle(message, Stand.READ, at_ms)
            yield reports.status(conversation, message, "read", statuses_pb2.MessageSeen(), at_ms)
        case Effect.LATE if message.late_receipts < rules.LATE_RECEIPTS_COUNTED_MAX:
            message.late_receipts += 1
            conversation.put_ended(message)
            if Stand(message.stand) is Stand.EXPIRED and message.late_receipts == 1:
                yield reports.status(
                    conversation, message, "delivered_late", statuses_pb2.MessageArrivedLate(), at_ms
                )


def end(
    conversation: Conversation,
    message: row_pb2.DeliveryMessage,
    stand: Stand,
    ending: Ending,
    at_ms: int,
) -> Iterator[Output]:
    """A message ends without a receipt.

    The outcome goes to rate-and-bill if the message was authorized. If not, an authorization may still be
    on its way, and :func:`authorize` answers it then; so each authorization has one outcome.
    """
    message.ended_at_ms, message.ended_code = at_ms, ending.code
    conversation.settle(message, stand, at_ms)
    yield (reports.failed if stand is Stand.FAILED else reports.expired)(conversation, message, ending, at_ms)
    if message.HasField("pricing"):
        yield _undelivered(conversation, message)
    message_id = message.held.facts.message_id
    if conversation.end_waiting(message_id):
        yield reports.ended(conversation, message_id, message.traceparent)


def _first_receipt(
    conversation: Conversation,
    message: row_pb2.DeliveryMessage,
    receipt: Receipt,
    at_ms: int,
) -> Iterator[Output]:
    read = receipt is Receipt.READ
    conversation.settle(message, Stand.READ if read else Stand.DELIVERED, at_ms)
    yield reports.delivered_outcome(conversation, message, at_ms, read=read)
    if read:
        yield reports.status(conversation, message, "read", statuses_pb2.MessageSeen(), at_ms)
    else:
        yield reports.status(conversation, message, "delivered", statuses_pb2.MessageArrived(), at_ms)
    message_id = message.held.facts.message_id
    if conversation.end_waiting(message_id):
        yield reports.ended(conversation, message_id, message.traceparent)


def _attempt(conversation: Conversation, message: row_pb2.DeliveryMessage, connection: str) -> Output:
    message.attempts += 1
    message.consent_id = conversation.standing.consent_id
    conversation.put_waiting(message)
    return reports.attempt(conversation, message, connection)


def _undelivered(conversation: Conversation, message: row_pb2.DeliveryMessage) -> Output:
    return reports.undelivered_outcome(
        conversation,
        message.held.facts.message_id,
        message.ended_at_ms,
        code=message.ended_code,
        expired=Stand(message.stand) is Stand.EXPIRED,
        traceparent=message.traceparent,
    )
