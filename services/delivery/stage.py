"""Delivery as a stage: what each record of ``dispatch`` means for the messages of its conversation."""

from collections.abc import Callable, Iterable, Iterator

from google.protobuf.message import Message

from parley.delivery.v1 import delivery_row_pb2 as row_pb2
from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.delivery import message_life, reports, rules, signals
from services.delivery.conversation import Conversation, split_row_key
from services.delivery.rules import Ending, Receipt, Stand
from services.runtime.batch import Pace
from services.runtime.record import Cause, Output
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen
from services.runtime.stage import InvariantBroken

CountDropped = Callable[[str], None]
"""Told of a record about a message that is not known (any longer): ``receipt``, ``refusal``, ``offline``."""


class DeliveryStage:
    """Keeps each message from its acceptance to its end."""

    name = "delivery"
    rules_version = 2
    input = topic("dispatch")
    changelog = topic("delivery-changelog")
    pace = Pace(can_wait=frozenset({"content_held", "receipt_received", "customer_was_offline"}))

    def __init__(self, count_dropped: CountDropped | None = None) -> None:
        self._count_dropped = count_dropped or _uncounted

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        conversation = Conversation(rows, cause.key, settings, cause.timestamp_ms)
        match event:
            case dispatch_pb2.ContentHeld():
                yield from self._hold(conversation, event, cause)
            case dispatch_pb2.SendAuthorized():
                yield from self._authorize(conversation, event, cause)
            case dispatch_pb2.SendRefused():
                yield from self._refuse(conversation, event, cause)
            case dispatch_pb2.SendFailed():
                yield from self._fail(conversation, event, cause)
            case dispatch_pb2.ReceiptReceived():
                yield from self._receive(conversation, event)
            case dispatch_pb2.ConsentChanged():
                conversation.take_consent(event.consent_id, event.consent)
            case dispatch_pb2.CustomerConnected():
                yield from self._connect(conversation, event)
            case dispatch_pb2.CustomerWasOffline():
                self._note_offline(conversation, event.message_id)
            case dispatch_pb2.NoticeRequested():
                yield from signals.request_notice(conversation, event, cause.traceparent)
            case dispatch_pb2.ReadMarkRequested():
                mark_id = cause.derived_id("read")
                yield from signals.request_read_mark(conversation, mark_id, event, cause.traceparent)
            case _:
                raise InvariantBroken(f"delivery has no rule for {kind}")
        conversation.save()

    def wake(self, row_key: bytes, cause: Cause, rows: Rows, settings: SettingsSeen) -> Iterable[Output]:
        key, name = split_row_key(row_key)
        conversation = Conversation(rows, key, settings, cause.timestamp_ms)
        message = conversation.message(name)
        if message is None:
            yield from signals.end(conversation, name)
        elif Stand(message.stand) in rules.WAITS:
            expired_at_ms = message.held.facts.expires_at_ms
            yield from message_life.end(conversation, message, Stand.EXPIRED, rules.EXPIRED, expired_at_ms)
        else:
            conversation.forget(name)
        conversation.save()

    def _hold(
        self, conversation: Conversation, held: dispatch_pb2.ContentHeld, cause: Cause
    ) -> Iterator[Output]:
        _belongs(conversation, held.facts)
        if held.facts.expires_at_ms <= held.facts.accepted_at_ms:
            raise InvariantBroken(f"{held.facts.message_id} expires before it was accepted")
        if conversation.message(held.facts.message_id) is not None:
            raise InvariantBroken(f"the content of {held.facts.message_id} is held already")
        yield from message_life.hold(conversation, held, cause.traceparent)

    def _authorize(
        self, conversation: Conversation, authorized: dispatch_pb2.SendAuthorized, cause: Cause
    ) -> Iterator[Output]:
        message = conversation.message(authorized.message_id)
        if message is None:
            yield reports.undelivered_outcome(
                conversation,
                authorized.message_id,
                cause.timestamp_ms,
                code=rules.LOST.code,
                expired=False,
            )
        elif message.HasField("pricing"):
            raise InvariantBroken(f"{authorized.message_id} is authorized already")
        else:
            yield from message_life.authorize(conversation, message, authorized.pricing, cause.timestamp_ms)

    def _refuse(
        self, conversation: Conversation, refused: dispatch_pb2.SendRefused, cause: Cause
    ) -> Iterator[Output]:
        message = conversation.message(refused.message_id)
        if message is None and refused.HasField("facts"):
            _belongs(conversation, refused.facts)
            message = _unheld(refused.facts, refused.envelope, cause)
        if message is None or Stand(message.stand) is not Stand.ACCEPTED:
            self._count_dropped("refusal")
            return
        ending = Ending(refused.refusal.code, refused.refusal.details)
        yield from message_life.end(conversation, message, Stand.FAILED, ending, refused.refused_at_ms)

    def _fail(
        self, conversation: Conversation, failed: dispatch_pb2.SendFailed, cause: Cause
    ) -> Iterator[Output]:
        message = conversation.message(failed.message_id)
        if message is None:
            business_id, user_ref = conversation.business_and_customer
            facts = facts_pb2.SendFacts(
                message_id=failed.message_id, business_id=business_id, user_ref=user_ref
            )
            message = _unheld(facts, facts_pb2.Envelope(), cause)
        if Stand(message.stand) not in rules.WAITS:
            self._count_dropped("refusal")
            return
        ending = Ending(failed.refusal.code or rules.LOST.code, failed.refusal.details or rules.LOST.details)
        yield from message_life.end(conversation, message, Stand.FAILED, ending, failed.failed_at_ms)

    def _receive(self, conversation: Conversation, event: dispatch_pb2.ReceiptReceived) -> Iterator[Output]:
        if not event.receipt:
            raise InvariantBroken(f"a receipt for {event.message_id} says neither delivered nor read")
        row = conversation.named(event.message_id)
        if row is None:
            self._count_dropped("receipt")
        elif row.HasField("signal"):
            yield from signals.end(conversation, event.message_id)
        else:
            receipt = Receipt(event.receipt)
            yield from message_life.receive(conversation, row.message, receipt, event.received_at_ms)

    def _connect(self, conversation: Conversation, event: dispatch_pb2.CustomerConnected) -> Iterator[Output]:
        for name in list(conversation.standing.waiting):
            row = conversation.named(name)
            if row is None:
                raise InvariantBroken(f"{name} waits for the customer but is not known")
            if row.HasField("signal"):
                yield from signals.attempt_again(conversation, name, row.signal, event.connection)
            else:
                yield from message_life.attempt_again(
                    conversation, row.message, event.connection, event.connected_at_ms
                )

    def _note_offline(self, conversation: Conversation, name: str) -> None:
        """The attempt reached nobody: the message waits on, until the customer connects or it expires."""
        if conversation.named(name) is None:
            self._count_dropped("offline")


def _uncounted(_: str) -> None:
    pass


def _belongs(conversation: Conversation, facts: facts_pb2.SendFacts) -> None:
    if conversation_key(facts.business_id, facts.user_ref) != conversation.key:
        raise InvariantBroken(f"{facts.message_id} lies under the key of another conversation")


def _unheld(
    facts: facts_pb2.SendFacts, envelope: facts_pb2.Envelope, cause: Cause
) -> row_pb2.DeliveryMessage:
    """A message that ends although its content never came here."""
    held = dispatch_pb2.ContentHeld(facts=facts, envelope=envelope)
    return message_life.begin(held, cause.traceparent)
