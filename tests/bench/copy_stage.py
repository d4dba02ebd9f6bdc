"""The ceiling: consume, transact and produce the same records with the same client, and decide nothing.

One output a record, of the record itself; offsets in the transaction. The command line names the prefix, the
topics from and to, and the group.
"""

import signal
import sys

from confluent_kafka import Consumer, Producer, TopicPartition

from services.contracts.catalogue import topic
from services.runtime import kafka_settings
from services.runtime.batch import BatchLimits
from services.runtime.kafka_connection import read_kafka_connection
from services.runtime.kafka_settings import StageIdentity


def copy(prefix: str, source: str, target: str, group: str) -> None:
    """Copy until SIGTERM."""
    connection, identity = read_kafka_connection(), StageIdentity(group, 0, prefix)
    common = kafka_settings.common(connection, identity, lambda _: None)
    reading = {**kafka_settings.input_consumer(identity, "classic"), "auto.offset.reset": "earliest"}
    consumer = Consumer({**common, **reading})
    producer = Producer({**common, **kafka_settings.transactional_producer(identity)})
    producer.init_transactions()
    consumer.subscribe([prefix + source])
    partitions = topic(target).partitions
    while True:
        messages = consumer.consume(BatchLimits().records, 0) or consumer.consume(1, 0.1)
        nexts: dict[int, int] = {}
        producer.begin_transaction()
        for message in messages:
            partition, offset = message.partition(), message.offset()
            if message.error() is not None or partition is None or offset is None:
                continue
            producer.produce(
                prefix + target,
                message.value(),
                message.key(),
                partition % partitions,
                timestamp=message.timestamp()[1],
                headers=message.headers(),
            )
            nexts[partition] = offset + 1
        offsets = [TopicPartition(prefix + source, *each) for each in nexts.items()]
        if offsets:
            producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
        producer.commit_transaction()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    copy(*sys.argv[1:5])
