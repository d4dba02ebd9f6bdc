"""The log port without transactions: what the suite must not let pass.

Records are written at once and offsets are committed after them, which is how "at least once" is done.
Nothing in the product can choose it; tests pass it in.
"""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from services.contracts.catalogue import Topic
from services.contracts.headers import Headers
from services.runtime import kafka_errors
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_log import KafkaLog
from services.runtime.kafka_settings import ClientChoices, StageIdentity
from tests.integration.waiting import DEADLINE_SECONDS


class LeakyLog(KafkaLog):
    """Kafka with everything but transactions."""

    def __init__(
        self,
        connection: KafkaConnection,
        identity: StageIdentity,
        input_topic: Topic,
        changelog: Topic,
        choices: ClientChoices = ClientChoices(),  # noqa: B008 - an immutable tuple
    ) -> None:
        super().__init__(connection, identity, input_topic, changelog, choices)
        self._transactions = _Writes(  # type: ignore[assignment]
            connection, identity.prefix + changelog.name, self._consumer
        )


class _Writes:
    """In the place of transactions: each record on its own."""

    def __init__(self, connection: KafkaConnection, changelog: str, consumer: Consumer) -> None:
        self._producer = Producer({**connection.librdkafka(), "enable.idempotence": True, "log_level": 0})
        self._changelog = changelog
        self._consumer = consumer
        self._offsets: list[TopicPartition] = []
        self._meta_offsets: dict[int, int] = {}
        self._refusal: KafkaError | None = None

    takes_over = False
    """Nobody has an id that could be taken."""

    def initialize(self) -> None:
        """There is nothing that an earlier process could have left open."""

    def shaken(self) -> None:
        """Nothing to renew."""

    def serve(self) -> None:
        self._producer.poll(0)

    def begin(self) -> None:
        self._meta_offsets, self._refusal = {}, None

    def produce(
        self, topic: str, partition: int, key: bytes, value: bytes | None, timestamp_ms: int, headers: Headers
    ) -> None:
        self._producer.produce(
            topic, value, key, partition, self._note, timestamp=timestamp_ms, headers=[*headers]
        )

    def produce_meta(self, partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        self._producer.produce(
            self._changelog, value, key, partition, self._note_meta, timestamp=timestamp_ms
        )

    def send_offsets(self, offsets: list[TopicPartition], _: Any) -> None:
        assert self._producer.flush(DEADLINE_SECONDS) == 0
        if self._refusal is not None:
            raise kafka_errors.in_transaction(self._refusal)
        self._offsets = offsets

    def commit(self) -> Mapping[int, int]:
        self._consumer.commit(offsets=self._offsets, asynchronous=False)
        return self._meta_offsets

    def abort(self) -> None:
        """What is written is written."""

    def close(self) -> None:
        """Nothing is open."""

    def _note(self, error: KafkaError | None, _: Any) -> None:
        self._refusal = self._refusal or error

    def _note_meta(self, error: KafkaError | None, message: Any) -> None:
        self._note(error, message)
        if error is None:
            self._meta_offsets[message.partition()] = message.offset() + 1
