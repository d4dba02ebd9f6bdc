"""Writes to intake what an operator records, and returns once the brokers have it."""

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from services.contracts.headers import headers_for
from services.contracts.placement import partition_of
from services.ingress.intake import INTAKE, IntakeRecord
from services.runtime.kafka_connection import KafkaConnection

ACKNOWLEDGED_SECONDS_MAX = 15.0


def write_intake_record(
    connection: KafkaConnection, topic_prefix: str, record: IntakeRecord, now_ms: int
) -> None:
    """Append one record, built by `services.ingress.intake`, and wait until all replicas in sync have it.

    Raises ``KafkaException`` when that is not known within a quarter of a minute.
    """
    failures: list[KafkaError] = []

    def answered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error)

    producer = Producer(
        {
            **connection.librdkafka(),
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "message.timeout.ms": int(ACKNOWLEDGED_SECONDS_MAX * 1_000),
            "log_level": 0,
        }
    )
    producer.produce(
        topic_prefix + INTAKE.name,
        key=record.key,
        value=record.event.SerializeToString(),
        partition=partition_of(INTAKE, record.key),
        timestamp=now_ms,
        headers=list(headers_for(record.event, record.kind, message_id=record.message_id)),
        on_delivery=answered,
    )
    left = producer.flush(ACKNOWLEDGED_SECONDS_MAX + 1)
    if failures or left:
        raise KafkaException(failures[0] if failures else KafkaError(KafkaError._MSG_TIMED_OUT))
