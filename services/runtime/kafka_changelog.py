"""A stage's changelog on Kafka: which one it is, where it ends, and what it says."""

from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec

from services.runtime import kafka_errors
from services.runtime.kafka_settings import Settings
from services.runtime.log import (
    ChangelogPiece,
    ChangelogRecord,
    ChangelogTopic,
    InputLost,
    LogUnavailable,
    TopicMissing,
)

ANSWER_SECONDS = 10.0
PIECE_RECORDS = 10_000
PIECE_SECONDS = 0.1


class KafkaChangelog:
    """Reads one changelog topic; each method blocks for ANSWER_SECONDS at most."""

    def __init__(self, topic: str, admin: AdminClient, consumer_settings: Settings) -> None:
        self._topic = topic
        self._admin = admin
        self._consumer_settings = consumer_settings

    def identity(self) -> ChangelogTopic:
        """Which changelog this is. Raises LogUnavailable, TopicMissing."""
        described = self._answer(self._admin.describe_topics(TopicCollection([self._topic])))
        resource = ConfigResource(ConfigResource.Type.TOPIC, self._topic)
        config = self._answer(self._admin.describe_configs([resource]))
        cluster = _wait(self._admin.describe_cluster(request_timeout=ANSWER_SECONDS))
        return ChangelogTopic(
            str(cluster.cluster_id), str(described.topic_id), int(config["delete.retention.ms"].value)
        )

    def end(self, partition: int) -> int:
        """Offset after the last record, those of open transactions included."""
        return self._offset(self._topic, partition, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def start_of(self, topic: str, partition: int) -> int:
        """Offset of the oldest record of any topic's partition."""
        return self._offset(topic, partition, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def read(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
        """As the log port says of ``read_changelog``."""
        consumer = Consumer(self._consumer_settings)
        try:
            consumer.assign([TopicPartition(self._topic, partition, start)])
            reached = start
            while True:
                records, reached = _piece(consumer, reached)
                yield ChangelogPiece(records, reached)
        finally:
            consumer.close()

    def _offset(self, topic: str, partition: int, which: OffsetSpec) -> int:
        place = TopicPartition(topic, partition)
        # Read uncommitted: the other answer is the last stable offset, and whoever restores up to there
        # misses the transaction that is being committed.
        listed = self._admin.list_offsets(
            {place: which},
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=ANSWER_SECONDS,
        )
        return int(self._answer(listed).offset)

    def _answer(self, futures: dict[Any, "Future[Any]"]) -> Any:
        return _wait(next(iter(futures.values())))


def _wait(future: "Future[Any]") -> Any:
    try:
        return future.result(ANSWER_SECONDS + 1)
    except KafkaException as failure:
        raise kafka_errors.of_question(kafka_errors.error_of(failure)) from failure
    except TimeoutError:
        raise LogUnavailable("no broker answered") from None


def _piece(consumer: Consumer, reached: int) -> tuple[list[ChangelogRecord], int]:
    records = []
    message: Any
    for message in consumer.consume(PIECE_RECORDS, PIECE_SECONDS):
        error = message.error()
        if error is None:
            records.append(ChangelogRecord(message.key() or b"", message.value()))
            reached = message.offset() + 1
        elif error.code() == KafkaError._PARTITION_EOF:
            # Its offset lies past markers and aborted records, which no record tells about.
            reached = max(reached, message.offset())
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise InputLost(error.str())
        elif error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED):
            raise TopicMissing(error.str())
    return records, reached
