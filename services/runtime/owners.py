"""Which replica of a stage owns an input partition, as the brokers know it."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.group_members import group_members
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_settings import StageIdentity

ANSWER_SECONDS = 3.0


class Owners:
    """Asks the brokers at each call; for people, so never in a hot path. Safe from any thread.

    Of the group protocol ``consumer`` it knows no owner, see ``group_members``.
    """

    def __init__(self, connection: KafkaConnection, identity: StageIdentity) -> None:
        self._admin = AdminClient({**connection.librdkafka(), "log_level": 0})
        self._group = identity.group

    def __call__(self, partition: int) -> dict[str, str] | None:
        """``replica`` and ``address`` (host:port of its health port) of the owner; None if none is known."""
        try:
            members = group_members(self._admin, self._group, ANSWER_SECONDS)
        except KafkaException:
            return None
        for client_id, partitions in members.partitions.items():
            if partition in partitions:
                replica, _, address = client_id.partition("@")
                return {"replica": replica, "address": address}
        return None
