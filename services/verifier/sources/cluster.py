"""The topics of a running cluster."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.contracts.catalogue import topic as declared
from services.runtime.kafka_connection import KafkaConnection
from services.verifier import records
from services.verifier.records import ORDER, Cut, LogRecord, Span
from services.verifier.sources.topic_reader import TopicReader

ANSWER_SECONDS_MAX = 15.0
BATCH = 1_000
"""Records that are given at once: so far may partitions be apart, but for those of one time."""
AHEAD_MAX = 20_000
"""Records of one partition that wait for their turn, while another answers late."""
LATEST, EARLIEST = OffsetSpec.latest(), OffsetSpec.earliest()  # type: ignore[no-untyped-call]


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
        """Raises ``DeletedMeanwhile``, and ``KafkaException`` when the cluster falls silent."""
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

    def _reader(self, topic: str, cut: Cut, positions: Mapping[records.TopicPartition, int]) -> TopicReader:
        spans = {
            partition: Span(max(positions.get((name, partition), 0), span.start), span.end)
            for (name, partition), span in cut.items()
            if name == topic
        }
        headers, ahead = self._with_headers, self._ahead_max
        return TopicReader(self._settings, self._prefix, topic, spans, with_headers=headers, ahead_max=ahead)

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
