"""A line's topics as the verifier's source."""

from collections.abc import Iterator, Mapping, Sequence

from services.runtime.record import Record
from services.verifier.records import ORDER, Cut, LogRecord, Span, TopicPartition

BATCH = 500


class MemorySource:
    """Reads what a line wrote, topics at the same pace in record time."""

    def __init__(self, topics: Mapping[TopicPartition, Sequence[Record]]) -> None:
        self._topics = topics

    identity = "memory"

    def cut(self) -> Cut:
        return {place: Span(0, len(records)) for place, records in self._topics.items() if place[0] in ORDER}

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:
        heads = {place: positions.get(place, span.start) for place, span in cut.items()}
        while behind := [place for place, head in heads.items() if head < cut[place].end]:
            place = min(behind, key=lambda each: self._topics[each][heads[each]].timestamp_ms)
            records = self._topics[place][heads[place] : heads[place] + BATCH]
            heads[place] += len(records)
            yield [
                LogRecord(each.topic, each.partition, each.offset, each.timestamp_ms, each.key, each.value)
                for each in records
            ]
