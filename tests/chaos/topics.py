"""Reads the topics as they grow, and how far those who read them have come."""

import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from services.admin.partition_ends import ends_of
from services.contracts.catalogue import topic
from services.runtime.kafka_connection import KafkaConnection
from tests.chaos.recorded import Recorded

READ = ("intake", "screened", "usage", "dispatch", "statuses", "inbox", "dead-letters")
READERS = {
    "consent": ("intake",),
    "session-window": ("screened",),
    "rate-and-bill": ("usage",),
    "delivery": ("dispatch",),
    "webhooks": ("statuses", "inbox"),
}
"""Consumer groups, and what they read."""
BATCH = 2_000
ANSWER_SECONDS_MAX = 10.0


class Topics:
    """Committed records only. For one thread at a time; every method blocks."""

    def __init__(self, connection: KafkaConnection, prefix: str) -> None:
        settings = {**connection.librdkafka(), "log_level": 0}
        self._prefix = prefix
        self._admin = AdminClient(settings)
        settings |= {"enable.auto.commit": False, "isolation.level": "read_committed"}
        self._consumer = Consumer(
            {
                **settings,
                "group.id": "chaos-never-committed",
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
            }
        )
        # The admin client's question for offsets can crash the process
        # (https://github.com/confluentinc/librdkafka/issues/5040).
        self._askers = {group: Consumer({**settings, "group.id": prefix + group}) for group in READERS}
        places = [
            TopicPartition(prefix + name, partition, 0)
            for name in READ
            for partition in range(topic(name).partitions)
        ]
        self._consumer.assign(places)
        self._reached = {(place.topic, place.partition): 0 for place in places}
        self.recorded = Recorded()

    def catch_up(self, seconds_max: float) -> bool:
        """Read on to where the topics end now; False when that was not reached in time.

        A transaction that stays open holds it up. Raises ``KafkaException``.
        """
        deadline = time.monotonic() + seconds_max
        ends = {
            (self._prefix + name, partition): end
            for name in READ
            for partition, end in ends_of(self._admin, self._prefix + name, topic(name).partitions).items()
        }
        while any(self._reached[place] < end for place, end in ends.items()):
            if time.monotonic() > deadline:
                return False
            trouble = [self._take(message) for message in self._consumer.consume(BATCH, 0.1)]
            # Only now, or what came with it would never be seen again.
            if errors := [error for error in trouble if error is not None]:
                raise KafkaException(errors[0])
        return True

    def lags(self) -> dict[str, int]:
        """Records that each group has still to commit, of those that were read. Raises ``KafkaException``."""
        lags = {}
        for group, asker in self._askers.items():
            places = [
                TopicPartition(self._prefix + name, each)
                for name in READERS[group]
                for each in range(topic(name).partitions)
            ]
            committed = asker.committed(places, ANSWER_SECONDS_MAX)
            lags[group] = sum(max(0, self._next_offset(each) - max(0, each.offset)) for each in committed)
        return lags

    def close(self) -> None:
        """Disconnect."""
        for consumer in (self._consumer, *self._askers.values()):
            consumer.close()

    def _take(self, message: Message) -> KafkaError | None:
        place, offset = (message.topic() or "", message.partition() or 0), message.offset() or 0
        error: KafkaError | None = message.error()
        if error is None:
            self.recorded.take(place[0].removeprefix(self._prefix), message)
            self._reached[place] = offset + 1
        elif error.code() == KafkaError._PARTITION_EOF:
            self._reached[place] = offset
        else:
            return error
        return None

    def _next_offset(self, place: TopicPartition) -> int:
        return self.recorded.next_offsets.get((place.topic.removeprefix(self._prefix), place.partition), 0)
