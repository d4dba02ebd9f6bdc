"""Three brokers, each behind proxies that it advertises, and kept running."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.kafka import EmbeddedCluster, ports
from deploy.kafka.settings import CONTROLLER, INTERNAL, PLAINTEXT
from services.admin.supervisor.broker_process import BrokerProcess
from services.runtime.kafka_connection import KafkaConnection
from tests.chaos.kept import Kept
from tests.chaos.proxy import Proxies, Proxy

SIZE = 3
LISTENERS = (PLAINTEXT, INTERNAL, CONTROLLER)
READY_SECONDS_MAX = 180.0
IN_SYNC_SECONDS_MAX = 60.0
ANSWER_SECONDS_MAX = 5.0
POLL_SECONDS = 0.2
HEAP_MB = 512
SESSION_SECONDS = 6
"""A broker that is silent for so long is no longer in sync with anything."""


class Cluster:
    """Every partition on three brokers, two of which must have each record. Context manager; blocks."""

    def __init__(self, directory: Path, proxies: Proxies) -> None:
        """Choose the ports and open the proxies; no broker runs before ``with``."""
        taken: set[int] = set()
        self._proxies: dict[int, dict[str, Proxy]] = {}
        fronts: dict[int, dict[str, int]] = {}
        for node in range(1, SIZE + 1):
            fronts[node] = {}
            for listener in LISTENERS:
                port = ports.choose(taken)
                taken.add(port)
                fronts[node][listener] = port
            self._proxies[node] = {name: proxies.open(port) for name, port in fronts[node].items()}
        extra = {"broker.session.timeout.ms": str(SESSION_SECONDS * 1000)}
        self._cluster = EmbeddedCluster(
            directory, advertised=fronts, extra=extra, heap_mb=HEAP_MB, ready_seconds=READY_SECONDS_MAX
        )
        for node, bound in self._cluster.bound.items():
            for listener, proxy in self._proxies[node].items():
                proxy.upstream_port = bound[listener]
        self.brokers = {f"kafka-{node}": self._kept(node) for node in self._cluster.brokers}
        """By name."""

    @property
    def connection(self) -> KafkaConnection:
        """How clients reach the brokers: through the proxies."""
        return KafkaConnection(
            bootstrap_servers=self._cluster.bootstrap_servers, security_protocol="PLAINTEXT"
        )

    def front(self, broker: str) -> Proxy:
        """The proxy between clients and a broker."""
        return self._proxies[_node(broker)][PLAINTEXT]

    def fronts(self, broker: str) -> list[Proxy]:
        """Every proxy before a broker: what clients, replicas and the quorum say to it."""
        return list(self._proxies[_node(broker)].values())

    def wait_until_in_sync(self, seconds_max: float = IN_SYNC_SECONDS_MAX) -> bool:
        """Block until every partition has all its replicas in sync; False when the time is over before."""
        deadline = time.monotonic() + seconds_max
        while not self._is_in_sync():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _is_in_sync(self) -> bool:
        try:
            topics = self._admin.list_topics(timeout=ANSWER_SECONDS_MAX).topics.values()
        except KafkaException:
            return False
        return all(len(each.isrs) == SIZE for topic in topics for each in topic.partitions.values())

    def __enter__(self) -> Self:
        self._cluster.start()
        self._admin = AdminClient({**self.connection.librdkafka(), "log_level": 0})
        for broker in self.brokers.values():
            broker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for proxies in self._proxies.values():
            for proxy in proxies.values():
                proxy.heal()
        for broker in self.brokers.values():
            broker.stop(0)  # nothing is left to be saved

    def _kept(self, node: int) -> Kept:
        process = BrokerProcess(self._cluster.brokers[node])
        return Kept(f"kafka-{node}", process)


def _node(broker: str) -> int:
    return int(broker.rpartition("-")[2])
