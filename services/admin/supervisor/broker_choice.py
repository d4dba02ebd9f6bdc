"""The broker of the instance: the one that KAFKA_BOOTSTRAP_SERVERS names, else one of our own."""

from collections.abc import Mapping
from pathlib import Path

from deploy.kafka import EmbeddedKafka, NodeSettings
from deploy.kafka.directory import NodeDirectory
from deploy.kafka.settings import PLAINTEXT
from services.admin.supervisor.addresses import KAFKA_PORT, Addresses, is_free


def embedded_broker(directory: Path, addresses: Addresses, environment: Mapping[str, str]) -> EmbeddedKafka:
    """A broker with its data in ``directory``, at the ports it had before as far as they are free.

    Raises `KafkaUnavailable`.
    """
    kept = NodeDirectory(directory).kept()
    if kept is None:
        fresh = NodeSettings(ports={PLAINTEXT: addresses.port(KAFKA_PORT)})
        return EmbeddedKafka(directory, fresh, environment=environment)
    moved = {name: addresses.port(port) for name, port in kept.ports.items() if not is_free(port)}
    node = NodeSettings(ports=moved)
    return EmbeddedKafka(directory, node, environment=environment)
