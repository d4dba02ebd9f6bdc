"""What becomes of a record that a stage cannot apply. Nothing vanishes by it.

A send request, its content or its usage fact is dead-lettered, and delivery is told that the message failed,
so that it ends and an authorization is voided. What only informs is dead-lettered. Everything else, such as
a customer's message or a block, changes what may be sent or what it costs: it stops its partition.
"""

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from parley.runtime.v1 import runtime_pb2
from services.contracts.catalogue import Topic, topic
from services.contracts.headers import CONVERSATION, KIND, MESSAGE_ID, TRACEPARENT, header
from services.runtime.clock import Clock
from services.runtime.partition import Undecodable
from services.runtime.record import VALUE_BYTES_MAX, Output, Record, TooLarge, emit
from services.runtime.stage import InvariantBroken
from services.runtime.stage_exit import StageMustExit

MINUTE_MS = 60_000
PER_MINUTE_DEFAULT = 100
ERROR_CHARS_MAX = 500
FAILED_CODE = 131_000
"""Cloud API: "Something went wrong"."""

REQUESTS = frozenset({"send_requested", "send_screened", "send_assessed", "content_held"})
"""Kinds whose message is failed."""
INFORMS = frozenset(
    {
        "receipt_received",
        "customer_was_offline",
        "customer_connected",
        "customer_message_read",
        "read_mark_requested",
        "ticked",
    }
)
"""Kinds that are only dead-lettered."""


class PartitionMustStop(Exception):
    """A record that nobody may go past cannot be applied: its text is one sentence for the operator."""


class DeadLetters:
    """Judges records of one stage that cannot be applied."""

    def __init__(
        self, stage: str, input_topic: Topic, clock: Clock, per_minute: int = PER_MINUTE_DEFAULT
    ) -> None:
        self._stage = stage
        self._input = input_topic
        self._clock = clock
        self._per_minute = per_minute
        self._recent: dict[tuple[int, int], int] = {}
        self._dead_letters = topic("dead-letters")
        self._dispatch = topic("dispatch")

    def set_aside(self, record: Record, error: Exception) -> list[Output]:
        """What to write instead of the record's effect, in a transaction with its offset.

        Raises PartitionMustStop when the record may not be gone past, StageMustExit when there are too many:
        it is better to stop than to set everything aside.
        """
        kind = _text(record, KIND)
        if kind in REQUESTS:
            outputs = [self._letter(record, kind, error), self._failed(record, kind, error)]
        elif kind in INFORMS:
            outputs = [self._letter(record, kind, error)]
        else:
            raise PartitionMustStop(
                f"{self._where(record)} ({kind or 'of no kind'}) cannot be applied: {error!r}"
            )
        self._count(record)
        return outputs

    def _count(self, record: Record) -> None:
        """A record whose batch is tried again counts once."""
        now_ms = self._clock()
        self._recent = {place: at_ms for place, at_ms in self._recent.items() if now_ms - at_ms < MINUTE_MS}
        place = record.partition, record.offset
        if place not in self._recent and len(self._recent) >= self._per_minute:
            raise StageMustExit(
                f"{self._stage}: more than {self._per_minute} records could not be applied within a minute; "
                "see `parley dead-letters list`"
            )
        self._recent[place] = now_ms

    def _letter(self, record: Record, kind: str, error: Exception) -> Output:
        letter = runtime_pb2.DeadLettered(
            stage=self._stage,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            headers=[runtime_pb2.Header(name=name, value=value) for name, value in record.headers],
            kind=kind,
            message_id=_text(record, MESSAGE_ID),
            reason=_reason(error),
            error=f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX],
            recorded_at_ms=record.timestamp_ms,
        )
        value = record.value or b""
        if letter.ByteSize() + len(value) < VALUE_BYTES_MAX:
            letter.value = value
        # Else its place tells where it lies.
        return emit(
            self._dead_letters,
            record.key,
            letter,
            kind,
            message_id=letter.message_id,
            conversation=header(record.headers, CONVERSATION) or b"",
            traceparent=header(record.headers, TRACEPARENT),
        )

    def _failed(self, record: Record, kind: str, error: Exception) -> Output:
        message_id = _text(record, MESSAGE_ID)
        conversation = header(record.headers, CONVERSATION)
        if conversation is None and self._input.key == self._dispatch.key:
            conversation = record.key
        if not message_id or not conversation:
            raise PartitionMustStop(
                f"{self._where(record)} ({kind}) cannot be applied, nor does it say whose it is: {error!r}"
            )
        event = dispatch_pb2.DispatchEvent(
            send_failed=dispatch_pb2.SendFailed(
                message_id=message_id,
                refusal=facts_pb2.Refusal(
                    code=FAILED_CODE,
                    details="The platform could not process this message: send it again, or ask the operator "
                    f"about {self._where(record)}.",
                ),
                failed_at_ms=record.timestamp_ms,
            )
        )
        return emit(
            self._dispatch,
            conversation,
            event,
            "send_failed",
            message_id=message_id,
            traceparent=header(record.headers, TRACEPARENT),
        )

    def _where(self, record: Record) -> str:
        return f"{record.topic}/{record.partition}/{record.offset}"


def _reason(error: Exception) -> str:
    if isinstance(error, Undecodable):
        return "undecodable"
    if isinstance(error, InvariantBroken):
        return "invariant"
    return "too_large" if isinstance(error, TooLarge) else "failing"


def _text(record: Record, name: str) -> str:
    return (header(record.headers, name) or b"").decode(errors="replace")
