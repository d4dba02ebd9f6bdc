"""Ports of the instance: the well-known ones while they are free, else others."""

from deploy.kafka import ports
from deploy.kafka.errors import PortTaken

HOST = ports.HOST
INGRESS_PORT = 8080
HANDSET_PORT = 8090
KAFKA_PORT = 9092
HEALTH_PORT_FIRST = 9100


class Addresses:
    """Hands out ports, none twice. They stay the same when a process is started again."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def port(self, preferred: int) -> int:
        """``preferred`` if it is free, else another one. Raises `KafkaUnavailable` when none is free."""
        chosen = preferred
        if preferred in self._given or not is_free(preferred):
            chosen = ports.choose(self._given)
        self._given.add(chosen)
        return chosen


def is_free(port: int) -> bool:
    """Whether nobody listens on the port now."""
    try:
        ports.check_free(port)
    except PortTaken:
        return False
    return True
