"""A stage's consumer group, as an operator sees it."""

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from services.contracts.catalogue import Topic
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_settings import StageIdentity
from tests.integration.hard_cases.rig.group_surgery import expel
from tests.integration.waiting import DEADLINE_SECONDS, until

NOT_NOW = frozenset({KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.NOT_COORDINATOR})
"""Answers of a broker that has just started and does not know its groups yet."""


class Group:
    """Offsets and places of one group. Its questions make it no member."""

    def __init__(
        self, connection: KafkaConnection, admin: AdminClient, identity: StageIdentity, input_topic: Topic
    ) -> None:
        self.name = identity.group
        self._connection = connection
        self._admin = admin
        self._identity = identity
        self._input = identity.prefix + input_topic.name
        self._partitions = input_topic.partitions
        # The admin client's question for offsets can crash the process:
        # https://github.com/confluentinc/librdkafka/issues/5040.
        self._askers = {
            level: Consumer(
                {
                    **connection.librdkafka(),
                    "group.id": self.name,
                    "isolation.level": level,
                    "enable.auto.commit": False,
                    "log_level": 0,
                }
            )
            for level in ("read_committed", "read_uncommitted")
        }

    def offsets(self, *, in_transaction: bool = False) -> dict[int, int]:
        """By partition. An open transaction that holds some is waited for, unless ``in_transaction``."""
        asker = self._askers["read_uncommitted" if in_transaction else "read_committed"]
        found: list[TopicPartition] = []
        until(lambda: self._ask(asker, found), "the group's coordinator")
        return {place.partition: place.offset for place in found if place.offset >= 0}

    def expel(self, *ordinals: int) -> None:
        """Take the places away that replicas keep after they have stopped."""
        for ordinal in ordinals:
            expel(self._connection, self.name, self._identity._replace(ordinal=ordinal).member)

    def forget_offsets(self) -> None:
        """Delete all offsets, after the only replica has stopped."""
        self.expel(0)
        self._admin.delete_consumer_groups([self.name])[self.name].result(DEADLINE_SECONDS)
        assert self.offsets() == {}

    def set_offset(self, partition: int, offset: int) -> None:
        """Alter one offset, after the only replica has stopped."""
        self.expel(0)
        wanted = ConsumerGroupTopicPartitions(self.name, [TopicPartition(self._input, partition, offset)])
        (altered,) = self._admin.alter_consumer_group_offsets([wanted]).values()
        altered.result(DEADLINE_SECONDS)

    def owners(self) -> dict[int, set[int]]:
        """Partitions by the ordinal of the replica that owns them."""
        described = self._admin.describe_consumer_groups([self.name])[self.name].result(DEADLINE_SECONDS)
        return {
            int(member.group_instance_id.rpartition("-")[2]): {
                place.partition for place in member.assignment.topic_partitions
            }
            for member in described.members
        }

    def close(self) -> None:
        """Let go of the connections."""
        for asker in self._askers.values():
            asker.close()

    def _ask(self, asker: Consumer, into: list[TopicPartition]) -> bool:
        places = [TopicPartition(self._input, each) for each in range(self._partitions)]
        try:
            into[:] = asker.committed(places, DEADLINE_SECONDS)
        except KafkaException as failure:
            if failure.args[0].code() not in NOT_NOW:
                raise
            return False
        return True
