"""The topics of a running cluster."""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.contracts.catalogue import topic as declared
from services.runtime.kafka_connection import KafkaConnection
from services.verifier import records
from services.verifier.records import ORDER, Cut, LogRecord, Span

ANSWER_SECONDS_MAX = 15.0
SILENCE_SECONDS_MAX = 75.0
"""A transaction may stay open for a minute; longer, and something is wrong."""
BATCH = 1_000
"""Records that are read, or given, at once: so far may partitions be apart, but for those of one time."""
AHEAD_MAX = 20_000
"""Records of one partition that wait for their turn, while another answers late."""
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
        ahead_max: int = AHEAD_MAX,
    ) -> None:
        """``topics`` are those to read, in the order in which a cut asks for them."""
        self._ahead_max = ahead_max
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
        readers = [self._reader(topic, cut, positions) for topic in self._topics]
        # Whoever is behind in record time goes on; of those equally far, upstream goes first.
        streams = [stream for reader in reversed(readers) for stream in reader.streams]
        try:
            while streams := [stream for stream in streams if not stream.over]:
                stream = min(streams, key=attrgetter("next_ms"))
                if stream.records:
                    yield stream.take(BATCH)
                else:
                    stream.reader.fetch()
        finally:
            for reader in readers:
                reader.close()

    def _reader(
        self, topic: str, cut: Cut, positions: Mapping[records.TopicPartition, int]
    ) -> "_TopicReader":
        spans = {
            partition: Span(max(positions.get((name, partition), 0), span.start), span.end)
            for (name, partition), span in cut.items()
            if name == topic
        }
        headers, ahead = self._with_headers, self._ahead_max
        return _TopicReader(self._settings, self._prefix, topic, spans, with_headers=headers, ahead_max=ahead)

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


class _Stream:
    """One partition, up to a given end. What was read ahead of its turn waits here."""

    def __init__(self, reader: "_TopicReader", partition: int, end: int) -> None:
        self.reader = reader
        self.place = TopicPartition(reader.topic, partition)
        self.end = end
        self.read = False
        """Whether all of it has been read, up to the end."""
        self.paused = False
        self.records: deque[LogRecord] = deque()
        self._clock_ms = -1

    @property
    def over(self) -> bool:
        """Whether all of it has been taken."""
        return self.read and not self.records

    @property
    def next_ms(self) -> int:
        """Time of the record whose turn is next, or of the last one while that is not there yet."""
        return self.records[0].timestamp_ms if self.records else self._clock_ms

    def take(self, count: int) -> list[LogRecord]:
        """The next records, at least one."""
        taken = [self.records.popleft() for _ in range(min(count, len(self.records)))]
        self._clock_ms = taken[-1].timestamp_ms
        if self.paused and len(self.records) < self.reader.ahead_max // 2:
            self.reader.resume(self)
        return taken


class _TopicReader:
    """Reads the partitions of one topic, from wherever records come, and sorts them into their streams."""

    def __init__(
        self,
        settings: Mapping[str, object],
        prefix: str,
        topic: str,
        spans: Mapping[int, Span],
        *,
        with_headers: bool,
        ahead_max: int,
    ) -> None:
        self.topic = prefix + topic
        self.ahead_max = ahead_max
        self._name = topic
        self._with_headers = with_headers
        self._streams = {
            partition: _Stream(self, partition, span.end)
            for partition, span in spans.items()
            if span.end > span.start
        }
        self._silent_since: float | None = None
        self._consumer: Consumer | None = None
        if self._streams:
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
                [TopicPartition(self.topic, partition, spans[partition].start) for partition in self._streams]
            )

    @property
    def streams(self) -> list[_Stream]:
        """One a partition in which there is something to read."""
        return [*self._streams.values()]

    def fetch(self) -> None:
        """Take in some records, perhaps none. Waits a little for the first. Raises as ``read`` does."""
        if self._consumer is None:
            return
        messages = self._consumer.consume(BATCH, WAIT_SECONDS)
        now = time.monotonic()
        if messages:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now
        elif now - self._silent_since > SILENCE_SECONDS_MAX:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        for message in messages:
            self._sort(message, self._streams[message.partition() or 0])
        ahead = [each for each in self.streams if not each.paused and len(each.records) >= self.ahead_max]
        if ahead:
            self._consumer.pause([each.place for each in ahead])
            for each in ahead:
                each.paused = True

    def resume(self, stream: _Stream) -> None:
        """Read on in a partition that was too far ahead of the others."""
        stream.paused = False
        if self._consumer is not None:
            self._consumer.resume([stream.place])

    def close(self) -> None:
        """Leave the cluster alone."""
        if self._consumer is not None:
            self._consumer.close()

    def _sort(self, message: Message, stream: _Stream) -> None:
        partition, offset, error = message.partition() or 0, message.offset() or 0, message.error()
        if error is not None:
            if error.code() == KafkaError._AUTO_OFFSET_RESET:
                raise DeletedMeanwhile(
                    f"Retention deleted records of {self._name}/{partition} just before they were read: "
                    "run it again."
                )
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
        if offset < stream.end and not stream.read and error is None:
            headers = list(message.headers() or ()) if self._with_headers else ()
            at_ms, key = message.timestamp()[1], message.key() or b""
            stream.records.append(
                LogRecord(self._name, partition, offset, at_ms, key, message.value(), headers)  # type: ignore[arg-type]
            )
        if offset >= stream.end - (error is None):
            stream.read = True
