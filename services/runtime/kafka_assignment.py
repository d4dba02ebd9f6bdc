"""The input partitions that the group has given us, and how far each has been given on."""

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException, TopicPartition

from services.runtime.log import AssignmentListener, LogUnavailable


class KafkaAssignment:
    """Follows the rebalances of one consumer, cooperatively: what is not taken away is read on meanwhile."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self._next_offsets: dict[int, int] = {}
        self._at_end: set[int] = set()
        self.let_go: set[int] = set()
        """Partitions that were given back or lost; whoever reads it clears it."""
        self._pending: BaseException | None = None

    def subscribe(self, listener: AssignmentListener) -> None:
        """Join the group; the listener is called inside the consumer's poll and close."""
        self._listener = listener
        self._consumer.subscribe(
            [self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    def rejoin(self) -> None:
        """Leave the group and join it again, which makes the group hand out all partitions anew."""
        self._consumer.unsubscribe()
        self.subscribe(self._listener)

    def raise_pending(self) -> None:
        """Raise what the listener raised inside a callback, from which nothing can be raised."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            raise pending

    @property
    def owned(self) -> Container[int]:
        """Partitions that are ours now."""
        return self._next_offsets

    def gave(self, partition: int, offset: int) -> None:
        """A record is given on."""
        self._next_offsets[partition] = offset + 1
        self._at_end.discard(partition)

    def reached_end(self, partition: int) -> None:
        """The end of the partition's committed records was seen."""
        if partition in self._next_offsets:
            self._at_end.add(partition)

    def caught_up(self, partition: int) -> bool:
        """As the log port says."""
        return partition in self._at_end

    def lag(self, partition: int) -> int:
        """As the log port says."""
        if partition in self._at_end or partition not in self._next_offsets:
            return 0
        place = TopicPartition(self._topic, partition)
        try:
            watermarks = self._consumer.get_watermark_offsets(place, cached=True)
        except KafkaException:
            return 0
        return max(0, watermarks[1] - self._next_offsets[partition]) if watermarks else 0

    def rewind(self, next_offsets: Mapping[int, int]) -> None:
        """Read from these offsets again."""
        for partition, offset in next_offsets.items():
            if self._next_offsets.get(partition, offset) == offset:
                continue
            self._next_offsets[partition] = offset
            self._at_end.discard(partition)
            try:
                self._consumer.seek(TopicPartition(self._topic, partition, offset))
            except KafkaException as failure:
                raise LogUnavailable(f"cannot seek to {partition}/{offset}: {failure.args[0]}") from failure

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        starts: Mapping[int, int] = {}
        with self._catching():
            starts = self._listener.assigned([place.partition for place in places])
        self._next_offsets.update(starts)
        consumer.incremental_assign([TopicPartition(self._topic, *start) for start in starts.items()])

    def _revoked(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._let_go(places)
        with self._catching():
            self._listener.revoked([place.partition for place in places])
        consumer.incremental_unassign(places)

    def _lost(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._let_go(places)
        with self._catching():
            self._listener.lost([place.partition for place in places])
        consumer.incremental_unassign(places)

    @contextmanager
    def _catching(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - raised again by raise_pending
            self._pending = error

    def _let_go(self, places: list[TopicPartition]) -> None:
        for place in places:
            self.let_go.add(place.partition)
            self._next_offsets.pop(place.partition, None)
            self._at_end.discard(place.partition)
