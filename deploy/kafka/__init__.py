"""A real Apache Kafka with nothing to install by hand but Java and Maven."""

from deploy.kafka.cluster import EmbeddedCluster
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.errors import KafkaUnavailable
from deploy.kafka.settings import NodeSettings

__all__ = ["EmbeddedCluster", "EmbeddedKafka", "KafkaUnavailable", "NodeSettings"]
