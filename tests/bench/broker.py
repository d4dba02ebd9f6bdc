"""What the benchmarks of stages ask of the broker: topics, a backlog, and how far a group has come."""

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.admin.topics import Topics
from services.contracts.catalogue import Topic
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record import Record
from tests.line.stages import Line

_NOT_YET = frozenset({KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE})


class Broker:
    """A broker with all declared topics under a prefix of their own."""

    def __init__(self, connection: KafkaConnection, prefix: str) -> None:
        self.connection = connection
        self.prefix = prefix
        self.admin = AdminClient({**connection.librdkafka(), "log_level": 0})
        Topics(self.admin, prefix).create()

    def write(self, line: Line, topic: Topic) -> int:
        """Write what the line has for one topic; returns how many records that is."""
        producer = Producer(
            {
                **self.connection.librdkafka(),
                "linger.ms": 20,
                "enable.idempotence": True,
                "compression.type": "zstd",
            }
        )
        written = 0
        for partition in range(topic.partitions):
            for record in line.topics[topic.name, partition]:
                self._produce(producer, topic, record)
                written += 1
        producer.flush()
        return written

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
