"""Reads the partitions of one topic side by side, each up to a given end."""

import time
from collections import deque
from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from services.verifier.records import LogRecord, Span

SILENCE_SECONDS_MAX = 75.0
"""A transaction may stay open for a minute; longer, and something is wrong."""
BATCH = 1_000
"""Records that are read at once."""
WAIT_SECONDS = 0.02
BUFFER_KIB_PER_TOPIC = 8 * 1024


class DeletedMeanwhile(Exception):
    """Records went between the cut and their reading; another run begins behind them."""


class Stream:
    """One partition, up to a given end. What was read ahead of its turn waits here."""

    def __init__(self, reader: "TopicReader", partition: int, end: int) -> None:
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


class TopicReader:
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
            partition: Stream(self, partition, span.end)
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
    def streams(self) -> list[Stream]:
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

    def resume(self, stream: Stream) -> None:
        """Read on in a partition that was too far ahead of the others."""
        stream.paused = False
        if self._consumer is not None:
            self._consumer.resume([stream.place])

    def close(self) -> None:
        """Leave the cluster alone."""
        if self._consumer is not None:
            self._consumer.close()

    def _sort(self, message: Message, stream: Stream) -> None:
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
