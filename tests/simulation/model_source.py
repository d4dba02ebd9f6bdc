"""The model's topics as the verifier's source."""

from collections.abc import Iterator, Mapping, Sequence

from services.verifier.records import ORDER, Cut, LogRecord, Span, TopicPartition
from tests.simulation.kafka_model.cluster import ModelCluster


class ModelSource:
    """Reads what lies on the model, each partition at once: a run has few records."""

    identity = "model"

    def __init__(self, cluster: ModelCluster) -> None:
        self._cluster = cluster

    def cut(self) -> Cut:
        return {
            (topic, partition): Span(log.start, log.last_stable_offset)
            for (topic, partition), log in self._cluster.logs.items()
            if topic in ORDER
        }

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:
        batches = []
        for (topic, partition), span in cut.items():
            start = max(span.start, positions.get((topic, partition), 0))
            records = [
                LogRecord(topic, partition, entry.offset, entry.timestamp_ms, entry.key, entry.value)
                for entry in self._cluster.partition(topic, partition).committed(start)
                if entry.offset < span.end
            ]
            if records:
                batches.append(records)
        batches.sort(key=lambda records: records[0].timestamp_ms)
        return iter(batches)
