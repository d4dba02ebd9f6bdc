"""What the benchmarks of stages ask of the broker: topics, a backlog, and how far a group has come."""

import time

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.admin.topics import Topics
from services.contracts.catalogue import Topic
from services.runtime.group_members import group_members
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record import Record
from tests.line.stages import Line

BACKLOG_MS_MAX = 600_000
MEMBERS_SECONDS_MAX = 60.0

_NOT_YET = frozenset({KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE})


class Backlog:
    """Records in an open transaction."""

    def __init__(self, producer: Producer, records: int) -> None:
        self._producer = producer
        self.records = records

    def show(self) -> None:
        """Let all of it be read from now on."""
        self._producer.commit_transaction()


class Broker:
    """A broker with all declared topics under a prefix of their own."""

    def __init__(self, connection: KafkaConnection, prefix: str) -> None:
        self.connection = connection
        self.prefix = prefix
        self.admin = AdminClient({**connection.librdkafka(), "log_level": 0})
        Topics(self.admin, prefix).create()

    def write(self, line: Line, topic: Topic) -> "Backlog":
        """Write what the line has for one topic, for nobody to see yet."""
        settings = {"linger.ms": 20, "transactional.id": f"{self.prefix}backlog"}
        timeout = {"transaction.timeout.ms": BACKLOG_MS_MAX}
        producer = Producer({**self.connection.librdkafka(), **settings, **timeout, "log_level": 0})
        producer.init_transactions()
        producer.begin_transaction()
        written = 0
        for partition in range(topic.partitions):
            for record in line.topics[topic.name, partition]:
                self._produce(producer, topic, record)
                written += 1
        producer.flush()
        return Backlog(producer, written)

    def wait_for_members(self, group: str, topic: Topic, count: int) -> None:
        """Return once so many members share all partitions. Raises ``TimeoutError``."""
        deadline = time.monotonic() + MEMBERS_SECONDS_MAX
        while (
            (shares := self._shares(group)) is None or len(shares) != count or sum(shares) != topic.partitions
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{count} members shall share {topic.name}, and {group} has {shares}")
            time.sleep(0.05)

    def committed(self, group: str, topic: Topic) -> int:
        """Sum of the group's offsets; 0 while the broker is still making the topic that has them."""
        asked = ConsumerGroupTopicPartitions(
            self.prefix + group,
            [TopicPartition(self.prefix + topic.name, partition) for partition in range(topic.partitions)],
        )
        (answer,) = self.admin.list_consumer_group_offsets([asked]).values()
        try:
            return sum(max(0, place.offset) for place in answer.result().topic_partitions)
        except KafkaException as failure:
            if failure.args[0].code() in _NOT_YET:
                return 0
            raise

    def end(self, topic: Topic) -> int:
        """Sum of the topic's end offsets."""
        places = {
            TopicPartition(self.prefix + topic.name, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
            for partition in range(topic.partitions)
        }
        return sum(each.result().offset for each in self.admin.list_offsets(places).values())

    def _shares(self, group: str) -> list[int] | None:
        """How many partitions each member has; None while that may still change."""
        try:
            members = group_members(self.admin, self.prefix + group, MEMBERS_SECONDS_MAX)
        except KafkaException as failure:
            if failure.args[0].code() in _NOT_YET:
                return None
            raise
        return [len(each) for each in members.partitions.values() if each] if members.at_rest else None

    def _produce(self, producer: Producer, topic: Topic, record: Record) -> None:
        while True:
            try:
                producer.produce(
                    self.prefix + topic.name,
                    record.value,
                    record.key,
                    record.partition,
                    timestamp=record.timestamp_ms,
                    headers=[*record.headers],
                )
            except BufferError:
                producer.poll(0.1)
            else:
                return
