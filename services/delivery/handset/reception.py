"""What the frames of a customer's device do."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from parley.delivery.v1 import dispatch_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.keys import conversation_key
from services.delivery.handset import frames, metrics
from services.delivery.handset.connection import Connection, Customer
from services.delivery.handset.errors import FrameRefused, NothingWritten
from services.delivery.handset.frames import Ack, Blocking, Writing
from services.delivery.handset.limits import RATE_ECHO_BYTES_MAX
from services.delivery.handset.sent_times import SentTimes
from services.delivery.handset.waiting import Waiting
from services.identity.message_id import Kind, MessageId, open_message_id
from services.identity.platform_key import PlatformKey
from services.ingress import intake
from services.ingress.intake import IntakeRecord
from services.ingress.trace import Tracer
from services.runtime.write_errors import NotWritten, WriteUnknown
from services.runtime.writes_records import WritesRecords

NOT_WRITTEN = "Nothing was written: send it again in a moment."
UNKNOWN_OUTCOME = "It is not known whether this was written: send it again, with the same client_id."
NO_SUCH_NUMBER = "No business has this phone_number_id."
NO_SUCH_MESSAGE = "This customer was sent no such message."


class PhoneNumbers(Protocol):
    """What is wanted of a SettingsTable."""

    def phone_number(self, phone_number_id: str) -> settings_pb2.PhoneNumber | None:
        """A number that a business writes from, or None."""
        ...


class TakesReceipts(Protocol):
    """What is wanted of a DispatchWriter."""

    async def received(
        self, conversation: bytes, name: str, receipt: dispatch_pb2.Receipt, traceparent: bytes | None
    ) -> None:
        """Take a receipt; returns before it is written."""


class Reception:
    """Reads frames and answers them; what a frame says goes to ``intake`` or ``dispatch``."""

    def __init__(
        self,
        key: PlatformKey,
        numbers: PhoneNumbers,
        writer: WritesRecords,
        receipts: TakesReceipts,
        waiting: Waiting,
        clock: Callable[[], int],
        tracer: Tracer,
        *,
        dated_messages: bool,
    ) -> None:
        """``clock`` gives Unix milliseconds; ``dated_messages``: whether devices may date what they write."""
        self._key = key
        self._numbers = numbers
        self._writer = writer
        self._receipts = receipts
        self._waiting = waiting
        self._clock = clock
        self._tracer = tracer
        self._dated_messages = dated_messages
        self._sent_times = SentTimes()

    async def take(self, connection: Connection, data: bytes, now: float) -> None:
        """Read one text frame, that came at ``now`` on the event loop's clock, and answer it.

        Returns once it is written, except for receipts, which are written in the background.
        """
        if not connection.rate.admits(now):
            _drop(connection, _echo_of_dropped(data))
            return
        try:
            frame = frames.read_frame(_utf8(data))
            metrics.FRAMES_IN.labels(frame.kind).inc()
            match frame:
                case Ack():
                    await self._acknowledge(connection, frame)
                case Writing():
                    await self._write(connection, frame)
                case Blocking():
                    await self._block(connection, frame)
        except FrameRefused as refused:
            metrics.FRAMES_IN.labels("refused").inc()
            connection.send(frames.refused(refused.reason, refused.echo))

    def refuse_binary(self, connection: Connection, now: float) -> None:
        """A frame that came at ``now`` was no text."""
        if not connection.rate.admits(now):
            _drop(connection, {})
            return
        metrics.FRAMES_IN.labels("refused").inc()
        connection.send(frames.refused("Frames must be text.", {}))

    async def _acknowledge(self, connection: Connection, ack: Ack) -> None:
        seen = connection.showing.seen(ack.message_id)
        if seen is not None:
            conversation, traceparent = seen
        else:
            message = self._open(ack.message_id, connection.customer)
            if message is None or message.kind is not Kind.OUTBOUND:
                raise FrameRefused(NO_SUCH_MESSAGE, {"id": ack.message_id})
            conversation = conversation_key(message.business_id, message.user_ref)
            traceparent = self._waiting.traceparent(message.user_ref, conversation, ack.message_id)
        await self._receipts.received(conversation, ack.message_id, ack.receipt, traceparent)

    async def _write(self, connection: Connection, writing: Writing) -> None:
        echo = {"client_id": writing.client_id}
        number = self._number(writing.to, echo)
        sent_at_ms = self._time_of(writing, echo)
        if writing.context_message_id:
            context = self._open(writing.context_message_id, connection.customer)
            if context is None or context.phone_number_id != number.phone_number_id:
                raise FrameRefused("context.message_id is no message of this chat.", echo)
        record = intake.build_customer_message(
            self._key,
            number,
            connection.customer.number,
            writing.client_id,
            writing.content,
            sent_at_ms,
            context_message_id=writing.context_message_id,
            referral=writing.referral,
            profile_name=writing.profile_name,
        )
        sent_at_ms = self._sent_times.first(record.message_id, sent_at_ms, self._clock())
        record.event.customer_message_received.sent_at_ms = sent_at_ms
        try:
            await self._into_intake(record, echo)
        except NothingWritten:
            self._sent_times.not_written(record.message_id)
            raise
        except FrameRefused:
            self._sent_times.written(record.message_id, sent_at_ms, self._clock())
            raise
        self._sent_times.written(record.message_id, sent_at_ms, self._clock())
        connection.send(frames.accepted(writing.client_id, record.message_id, sent_at_ms))

    async def _block(self, connection: Connection, blocking: Blocking) -> None:
        number = self._number(blocking.phone_number_id, {})
        build = intake.build_customer_blocked if blocking.blocks else intake.build_customer_unblocked
        await self._into_intake(build(self._key, number, connection.customer.number, self._clock()), {})
        connection.send(frames.blocking_done(blocking))

    def _number(self, phone_number_id: str, echo: dict[str, str]) -> settings_pb2.PhoneNumber:
        number = self._numbers.phone_number(phone_number_id)
        if number is None:
            raise FrameRefused(NO_SUCH_NUMBER, echo)
        return number

    def _time_of(self, writing: Writing, echo: dict[str, str]) -> int:
        now_ms = self._clock()
        if writing.timestamp is None:
            return now_ms
        if not self._dated_messages:
            raise FrameRefused("Messages may not be dated here: leave timestamp out.", echo)
        if writing.timestamp * 1000 > now_ms:
            raise FrameRefused("timestamp lies in the future.", echo)
        return writing.timestamp * 1000

    def _open(self, message_id: str, customer: Customer) -> MessageId | None:
        """The id, opened, where it names a message from or to this customer."""
        with suppress(ValueError):
            message = open_message_id(self._key, message_id)
            return message if message.user_ref == customer.user_ref else None
        return None

    async def _into_intake(self, record: IntakeRecord, echo: dict[str, str]) -> None:
        written: Awaitable[None] = intake.write_intake(self._writer, record, self._tracer.traceparent(None))
        try:
            await written
        except NotWritten:
            raise NothingWritten(NOT_WRITTEN, echo) from None
        except WriteUnknown:
            raise FrameRefused(UNKNOWN_OUTCOME, echo) from None


def _drop(connection: Connection, echo: dict[str, str]) -> None:
    """A frame came too fast."""
    metrics.FRAMES_IN.labels("rate").inc()
    connection.send(frames.refused("rate", echo))


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FrameRefused(f"The frame is not UTF-8: byte {error.start} is wrong.") from None


def _echo_of_dropped(data: bytes) -> dict[str, str]:
    """What tells the device which of its frames was dropped, where that costs little to find out."""
    if len(data) <= RATE_ECHO_BYTES_MAX:
        with suppress(FrameRefused):
            return frames.echo_of(frames.read_object(_utf8(data)))
    return {}
