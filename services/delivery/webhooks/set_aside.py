"""A record that cannot be read goes to the dead letters, so that those behind it are not held up."""

from aiokafka import ConsumerRecord

from parley.runtime.v1 import runtime_pb2
from services.contracts.catalogue import topic
from services.contracts.headers import KIND, MESSAGE_ID, TRACEPARENT, header
from services.delivery.webhooks import metrics
from services.delivery.webhooks.until_written import until_written
from services.runtime.record_writer import RecordWriter

STAGE = "webhooks"
DEAD_LETTERS = topic("dead-letters")
ERROR_CHARACTERS_MAX = 500


async def set_aside(writer: RecordWriter, record: ConsumerRecord, error: Exception) -> None:
    """Write the record, with all that is needed to look into it. Returns once Kafka has it."""
    metrics.UNDECODABLE.inc()
    kind = _text(record, KIND)
    letter = runtime_pb2.DeadLettered(
        stage=STAGE,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key or b"",
        value=record.value or b"",
        headers=[runtime_pb2.Header(name=name, value=value) for name, value in record.headers],
        kind=kind,
        message_id=_text(record, MESSAGE_ID),
        reason="undecodable",
        error=str(error)[:ERROR_CHARACTERS_MAX],
        recorded_at_ms=record.timestamp,
    )
    await until_written(
        lambda: writer.write(
            DEAD_LETTERS,
            record.key or b"",
            letter,
            kind or "unknown",
            message_id=letter.message_id,
            traceparent=header(record.headers, TRACEPARENT),
            partition=0,
        ),
        f"dead letter of {record.topic}/{record.partition}/{record.offset}",
    )


def _text(record: ConsumerRecord, name: str) -> str:
    return (header(record.headers, name) or b"").decode(errors="replace")
