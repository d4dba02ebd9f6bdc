"""The topics of a running cluster."""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.contracts.catalogue import topic as declared
from services.runtime.kafka_connection import KafkaConnection
from services.verifier import records
from services.verifier.records import ORDER, Cut, LogRecord, Span

ANSWER_SECONDS_MAX = 15.0
SILENCE_SECONDS_MAX = 75.0
"""A transaction may stay open for a minute; longer, and something is wrong."""
BATCH = 2_000
LATEST, EARLIEST = OffsetSpec.latest(), OffsetSpec.earliest()  # type: ignore[no-untyped-call]
WAIT_SECONDS = 0.02
BUFFER_KIB_PER_TOPIC = 8 * 1024


class DeletedMeanwhile(Exception):
    """Records went between the cut and their reading; another run begins behind them."""


class ClusterSource:
    """Reads committed records only. Writes nothing, and commits no offsets."""

    def __init__(
        self,
        connection: KafkaConnection,
        topic_prefix: str,
        *,
        topics: Sequence[str] = ORDER,
        with_headers: bool = False,
    ) -> None:
        """``topics`` are those to read, in the order in which a cut asks for them."""
        self._topics = topics
        self._with_headers = with_headers
        self._settings = {**connection.librdkafka(), "log_level": 0}
        self._prefix = topic_prefix
        self._admin = AdminClient(self._settings)

    @cached_property
    def identity(self) -> str:
        """The cluster's own id, and the topics' prefix. Raises ``KafkaException``."""
        cluster_id = self._admin.list_topics(timeout=ANSWER_SECONDS_MAX).cluster_id
        return f"{self._prefix}* of cluster {cluster_id}"

    def cut(self) -> Cut:
        """Asks for one topic after the other, downstream first. Raises ``KafkaException``."""
        self._admin.list_topics(timeout=ANSWER_SECONDS_MAX)
        return {place: span for topic in self._topics for place, span in self._spans(topic)}

    def read(
        self, cut: Cut, positions: Mapping[records.TopicPartition, int]
    ) -> Iterator[Sequence[LogRecord]]:
        """Raises :class:`DeletedMeanwhile`, and ``KafkaException`` when the cluster falls silent."""
        readers = [
            TopicReader(
                self._settings,
                self._prefix,
                topic,
                {
                    partition: Span(max(positions.get((name, partition), 0), span.start), span.end)
                    for (name, partition), span in cut.items()
                    if name == topic
                },
                with_headers=self._with_headers,
            )
            for topic in self._topics
        ]
        try:
            # Whoever is behind in record time goes on; of those equally far, upstream goes first.
            while left := [reader for reader in reversed(readers) if not reader.done]:
                batch = min(left, key=lambda reader: reader.clock_ms).next_batch()
                if batch:
                    yield batch
        finally:
            for reader in readers:
                reader.close()

    def _spans(self, topic: str) -> Iterator[tuple[records.TopicPartition, Span]]:
        places = [
            TopicPartition(self._prefix + topic, partition) for partition in range(declared(topic).partitions)
        ]
        ends, starts = (self._offsets(places, spec) for spec in (LATEST, EARLIEST))
        for place in places:
            yield (topic, place.partition), Span(starts[place], ends[place])

    def _offsets(self, places: list[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
        asked = self._admin.list_offsets(
            dict.fromkeys(places, spec),
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=ANSWER_SECONDS_MAX,
        )
        return {place: future.result().offset for place, future in asked.items()}


class TopicReader:
    """Reads the partitions of one topic up to given ends, a batch at a time."""

    def __init__(
        self,
        settings: Mapping[str, object],
        prefix: str,
        topic: str,
        spans: Mapping[int, Span],
        *,
        with_headers: bool,
    ) -> None:
        self._topic = topic
        self._with_headers = with_headers
        self._ends = {partition: span.end for partition, span in spans.items() if span.end > span.start}
        self.clock_ms = -1
        """Time of the last record read."""
        self._consumer: Consumer | None = None
        self._heard_at = time.monotonic()
        if self._ends:
            self._consumer = Consumer(
                {
                    **settings,
                    "group.id": "parley-verify-never-committed",
                    "enable.auto.commit": False,
                    "auto.offset.reset": "error",
                    "isolation.level": "read_committed",
                    "enable.partition.eof": True,
                    "fetch.wait.max.ms": 10,
                    "queued.max.messages.kbytes": BUFFER_KIB_PER_TOPIC,
                }
            )
            self._consumer.assign(
                [
                    TopicPartition(prefix + topic, partition, spans[partition].start)
                    for partition in self._ends
                ]
            )

    @property
    def done(self) -> bool:
        """Whether every partition has been read to its end."""
        return not self._ends

    def next_batch(self) -> list[LogRecord]:
        """Some records, perhaps none. Waits a little for the first. Raises as ``read`` does."""
        messages = [] if self._consumer is None else self._consumer.consume(BATCH, WAIT_SECONDS)
        now = time.monotonic()
        if messages:
            self._heard_at = now
        elif now - self._heard_at > SILENCE_SECONDS_MAX:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        batch = [record for message in messages if (record := self._take(message)) is not None]
        if batch:
            self.clock_ms = batch[-1].timestamp_ms
        return batch

    def close(self) -> None:
        """Leave the cluster alone."""
        if self._consumer is not None:
            self._consumer.close()

    def _take(self, message: Message) -> LogRecord | None:
        partition, offset, error = message.partition() or 0, message.offset() or 0, message.error()
        end = self._ends.get(partition)
        if error is not None:
            if error.code() == KafkaError._AUTO_OFFSET_RESET:
                raise DeletedMeanwhile(
                    f"Retention deleted records of {self._topic}/{partition} just before they were read: "
                    "run it again."
                )
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            if end is not None and offset >= end:
                del self._ends[partition]
            return None
        if end is None:
            return None
        if offset >= end - 1:
            del self._ends[partition]
            if offset >= end:
                return None
        headers = list(message.headers() or ()) if self._with_headers else ()
        at_ms, key = message.timestamp()[1], message.key() or b""
        return LogRecord(self._topic, partition, offset, at_ms, key, message.value(), headers)  # type: ignore[arg-type]
