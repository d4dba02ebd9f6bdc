"""Several brokers that are one cluster, each a controller too."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.kafka import ports
from deploy.kafka.directory import NodeDirectory, new_cluster_id
from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.settings import CONTROLLER, INTERNAL, PLAINTEXT, NodeSettings

LISTENERS = (PLAINTEXT, CONTROLLER, INTERNAL)


class EmbeddedCluster:
    """Brokers 1 to `size` under one directory; every partition of every topic on all of them by default.

    A write needs all but one of the brokers in sync. `brokers[node_id]` can be stopped, killed and started
    by itself; the directory can be started again with the same cluster id, ports and data.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        size: int = 3,
        advertised: Mapping[int, Mapping[str, int]] | None = None,
        extra: Mapping[str, str] | None = None,
        heap_mb: int = 512,
        ready_seconds: float = 120,
    ) -> None:
        """Choose ports; nothing runs before `start`.

        `advertised`: node id to listener to the port of the proxy in front of it. PLAINTEXT is what clients
        are told, INTERNAL what the brokers replicate through, CONTROLLER what the quorum talks through.
        What is absent is reached directly. The proxies can learn the bound ports from `bound`.
        """
        fronts = advertised or {}
        directories = {node_id: data_dir / f"node-{node_id}" for node_id in range(1, size + 1)}
        kept = {node_id: NodeDirectory(directory).kept() for node_id, directory in directories.items()}
        cluster_id = next((identity.cluster_id for identity in kept.values() if identity), new_cluster_id())
        avoid = {port for front in fronts.values() for port in front.values()}
        self.bound: dict[int, dict[str, int]] = {}
        """Node id to listener to the port that the broker binds."""
        for node_id, identity in kept.items():
            self.bound[node_id] = dict(identity.ports) if identity else _choose(avoid)
            avoid |= set(self.bound[node_id].values())
        voters = {
            node_id: fronts.get(node_id, {}).get(CONTROLLER, bound[CONTROLLER])
            for node_id, bound in self.bound.items()
        }
        self.brokers = {
            node_id: EmbeddedKafka(
                directory,
                NodeSettings(
                    node_id=node_id,
                    ports=self.bound[node_id],
                    advertised=fronts.get(node_id, {}),
                    voters=voters,
                    cluster_id=cluster_id,
                    replication_factor=size,
                    insync_replicas_min=max(1, size - 1),
                    extra=extra or {},
                ),
                heap_mb=heap_mb,
                ready_seconds=ready_seconds,
            )
            for node_id, directory in directories.items()
        }

    def start(self) -> None:
        """Start the brokers that do not run, all at once, and wait until each answers.

        Raises the KafkaUnavailable of one that could not, after which none runs.
        """
        try:
            self._each(EmbeddedKafka.start)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End all brokers cleanly, or by force when they take too long."""
        self._each(EmbeddedKafka.stop)

    def kill(self) -> None:
        """End all brokers as kill -9 does."""
        self._each(EmbeddedKafka.kill)

    @property
    def bootstrap_servers(self) -> str:
        """Where plaintext clients find the brokers, all of them."""
        return ",".join(broker.bootstrap_servers for broker in self.brokers.values())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _each(self, action: Callable[[EmbeddedKafka], None]) -> None:
        with ThreadPoolExecutor(max_workers=len(self.brokers)) as threads:
            list(threads.map(action, self.brokers.values()))


def _choose(avoid: set[int]) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for listener in LISTENERS:
        chosen[listener] = ports.choose(avoid | set(chosen.values()))
    return chosen
