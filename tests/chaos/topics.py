"""Reads the topics as they grow, and how far those who read them have come."""

import time

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
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


class Topics:
    """Committed records only. For one thread at a time; every method blocks."""

    def __init__(self, connection: KafkaConnection, prefix: str) -> None:
        settings = {**connection.librdkafka(), "log_level": 0}
        self._prefix = prefix
        self._admin = AdminClient(settings)
        self._consumer = Consumer(
            {
                **settings,
                "group.id": "chaos-never-committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
            }
        )
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
            for message in self._consumer.consume(BATCH, 0.1):
                place = (message.topic() or "", message.partition() or 0)
                offset, error = message.offset() or 0, message.error()
                if error is None:
                    self.recorded.take(place[0].removeprefix(self._prefix), message)
                    offset += 1
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                self._reached[place] = offset
        return True

    def lags(self) -> dict[str, int]:
        """Records that each group has still to commit, of those that were read. Raises ``KafkaException``."""
        lags = {}
        for group, names in READERS.items():
            places = [
                TopicPartition(self._prefix + name, each)
                for name in names
                for each in range(topic(name).partitions)
            ]
            asked = ConsumerGroupTopicPartitions(self._prefix + group, places)
            (answer,) = self._admin.list_consumer_group_offsets([asked]).values()
            lags[group] = sum(
                max(0, self._next_offset(place) - max(0, place.offset))
                for place in answer.result().topic_partitions
            )
        return lags

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def _next_offset(self, place: TopicPartition) -> int:
        return self.recorded.next_offsets.get((place.topic.removeprefix(self._prefix), place.partition), 0)
