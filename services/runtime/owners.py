"""Which replica of a stage owns an input partition, as the brokers know it."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_settings import StageIdentity

ANSWER_SECONDS = 3.0


class Owners:
    """Asks the brokers at each call; for people, so never in a hot path. Safe from any thread."""

    def __init__(self, connection: KafkaConnection, identity: StageIdentity) -> None:
        self._admin = AdminClient({**connection.librdkafka(), "log_level": 0})
        self._group = identity.group

    def __call__(self, partition: int) -> dict[str, str] | None:
        """``replica`` and ``address`` (host:port of its health port) of the owner; None if none is known."""
        asked = self._admin.describe_consumer_groups([self._group], request_timeout=ANSWER_SECONDS)
        try:
            group = asked[self._group].result(ANSWER_SECONDS + 1)
        except (KafkaException, TimeoutError):
            return None
        for member in group.members:
            if any(place.partition == partition for place in member.assignment.topic_partitions):
                replica, _, address = member.client_id.partition("@")
                return {"replica": replica, "address": address}
        return None
