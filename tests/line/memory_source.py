"""A line's topics as the verifier's source."""

from collections.abc import Iterator, Mapping, Sequence

from services.runtime.record import Record
from services.verifier.records import ORDER, Cut, LogRecord, Span, TopicPartition

Topics = Mapping[TopicPartition, Sequence[Record]]


class MemorySource:
    """Reads what a line wrote, topics at the same pace in record time."""

    def __init__(self, topics: Topics, batch: int = 500, whole: Topics | None = None) -> None:
        """``whole``: the topics before retention took the first records of some."""
        self.identity = "memory"
        self._topics = topics
        self._batch = batch
        self._whole = whole or topics

    def cut(self) -> Cut:
        return {
            place: Span(records[0].offset if records else self._end(place), self._end(place))
            for place, records in self._topics.items()
            if place[0] in ORDER
        }

    def _end(self, place: TopicPartition) -> int:
        return self._whole[place][-1].offset + 1 if self._whole[place] else 0

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:
        left = {
            place: [each for each in self._topics[place] if positions.get(place, 0) <= each.offset < span.end]
            for place, span in cut.items()
        }
        heads = dict.fromkeys(left, 0)
        while behind := [place for place, head in heads.items() if head < len(left[place])]:
            place = min(behind, key=lambda each: left[each][heads[each]].timestamp_ms)
            records = left[place][heads[place] : heads[place] + self._batch]
            heads[place] += len(records)
            yield [
                LogRecord(
                    each.topic,
                    each.partition,
                    each.offset,
                    each.timestamp_ms,
                    each.key,
                    each.value,
                    each.headers,
                )
                for each in records
            ]
