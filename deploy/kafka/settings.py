"""What a node is told: its place in the cluster, and the server.properties made from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.ports import HOST

PLAINTEXT = "PLAINTEXT"
INTERNAL = "INTERNAL"
CONTROLLER = "CONTROLLER"
SASL_SSL = "SASL_SSL"

_SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True)
class NodeSettings:
    """One node's place in its cluster. As it stands: a cluster of one, on ports that are free.

    Each listener binds a port on 127.0.0.1; None lets a free one be chosen, once per data directory.
    The listeners are PLAINTEXT (clients), CONTROLLER (the quorum), SASL_SSL (clients, if `sasl_ssl`) and,
    in a cluster of several, INTERNAL (replication between brokers).
    """

    node_id: int = 1
    ports: Mapping[str, int] = field(default_factory=dict)
    """Listener to bound port; what is absent is chosen."""
    advertised: Mapping[str, int] = field(default_factory=dict)
    """Listener to the port that others are told, where a proxy stands in front of it."""
    voters: Mapping[int, int] = field(default_factory=dict)
    """Node id to the port at which the others reach its controller (a proxy's, if one stands there).
    Empty: this node is the quorum."""
    cluster_id: str | None = None
    """None: whatever the data directory has, or a new one."""
    replication_factor: int = 1
    insync_replicas_min: int = 1
    sasl_ssl: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    """Lines of server.properties that win over ours."""

    @property
    def listeners(self) -> list[str]:
        """The listeners this node opens."""
        names = [PLAINTEXT, CONTROLLER]
        if len(self.voters) > 1:
            names.append(INTERNAL)
        if self.sasl_ssl:
            names.append(SASL_SSL)
        return names

    @property
    def client_listeners(self) -> list[str]:
        """Those of them that clients may use."""
        return [name for name in self.listeners if name in (PLAINTEXT, SASL_SSL)]


def server_properties(
    node: NodeSettings, ports: Mapping[str, int], log_directory: Path, server_pem: Path
) -> dict[str, str]:
    """The whole server.properties; `ports` has every listener of the node."""
    return {
        **_place(node, ports, log_directory),
        **_replication(node),
        **_for_tests_and_small_machines(),
        **({} if node.voters else _alone()),
        **(_sasl_ssl(server_pem) if node.sasl_ssl else {}),
        **node.extra,
    }


def render(properties: Mapping[str, str]) -> str:
    """As a Java properties file (our values need no escapes but the backslash)."""
    return "".join(f"{name}={value.replace(chr(92), chr(92) * 2)}\n" for name, value in properties.items())


def _place(node: NodeSettings, ports: Mapping[str, int], log_directory: Path) -> dict[str, str]:
    voters = node.voters or {node.node_id: ports[CONTROLLER]}
    bound = [f"{name}://{HOST}:{ports[name]}" for name in node.listeners]
    advertised = [
        f"{name}://{HOST}:{node.advertised.get(name, ports[name])}"
        for name in node.listeners
        if name != CONTROLLER
    ]
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.node_id),
        "controller.quorum.voters": ",".join(
            f"{voter}@{HOST}:{port}" for voter, port in sorted(voters.items())
        ),
        "controller.listener.names": CONTROLLER,
        "inter.broker.listener.name": INTERNAL if INTERNAL in node.listeners else PLAINTEXT,
        "listeners": ",".join(bound),
        "advertised.listeners": ",".join(advertised),
        "listener.security.protocol.map": ",".join(
            f"{name}:{SASL_SSL if name == SASL_SSL else PLAINTEXT}" for name in node.listeners
        ),
        "log.dirs": str(log_directory),
    }


def _replication(node: NodeSettings) -> dict[str, str]:
    factor, insync = str(node.replication_factor), str(node.insync_replicas_min)
    return {
        "default.replication.factor": factor,
        "min.insync.replicas": insync,
        "offsets.topic.replication.factor": factor,
        "transaction.state.log.replication.factor": factor,
        "transaction.state.log.min.isr": insync,
        "share.coordinator.state.topic.replication.factor": factor,
        "share.coordinator.state.topic.min.isr": insync,
        # A replica that takes two aborted transactions in one piece may show the second to readers later: see
        # the README. Smaller pieces (the default is 1 MiB) make that rarer.
        "replica.fetch.max.bytes": str(64 * 1024),
    }


def _for_tests_and_small_machines() -> dict[str, str]:
    return {
        # A typing error in a topic's name shall fail, not make a topic.
        "auto.create.topics.enable": "false",
        # Few partitions of the internal topics: each is a log to open at every start.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.num.partitions": "4",
        # A first member need not wait for others.
        "group.initial.rebalance.delay.ms": "0",
        # An abandoned transaction ends within a second of its time-out (default: ten).
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        # Tests of dead members choose short sessions; KIP-848 groups get theirs from the broker.
        "group.min.session.timeout.ms": "1000",
        "group.consumer.min.session.timeout.ms": "1000",
        "group.consumer.session.timeout.ms": "6000",
        "group.consumer.min.heartbeat.interval.ms": "200",
        "group.consumer.heartbeat.interval.ms": "1000",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "log.cleaner.dedupe.buffer.size": str(32 * 1024 * 1024),
    }


def _alone() -> dict[str, str]:
    # A broker killed with -9 is let in again when its old session is over (default: nine seconds). Nobody
    # could take its partitions over meanwhile; in a cluster somebody can, and the default stands.
    return {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}


def _sasl_ssl(server_pem: Path) -> dict[str, str]:
    prefix = f"listener.name.{SASL_SSL.lower()}."
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        prefix + "ssl.keystore.type": "PEM",
        prefix + "ssl.keystore.location": str(server_pem),
        prefix + "scram-sha-512.sasl.jaas.config": f"{_SCRAM_LOGIN} required;",
    }
