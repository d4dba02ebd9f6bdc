"""A node's data directory: who the node is, kept over restarts, and where its files lie."""

import base64
import datetime
import hashlib
import json
import secrets
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.kafka import certificates, ports
from deploy.kafka.errors import ForeignDataDirectory
from deploy.kafka.settings import SASL_SSL, NodeSettings

SASL_USERNAME = "parley"
SCRAM_ITERATIONS = 4096


@dataclass(frozen=True)
class Identity:
    """What must stay the same when the node is started again, so that clients find it."""

    cluster_id: str
    node_id: int
    ports: dict[str, int]
    sasl_password: str

    def scram_credential(self) -> str:
        """The user as StorageTool takes it, salted, so that the password is in no command line."""
        salt = secrets.token_bytes(16)
        salted = hashlib.pbkdf2_hmac("sha512", self.sasl_password.encode(), salt, SCRAM_ITERATIONS)
        fields = {
            "name": SASL_USERNAME,
            "salt": f'"{base64.b64encode(salt).decode()}"',
            "saltedpassword": f'"{base64.b64encode(salted).decode()}"',
            "iterations": str(SCRAM_ITERATIONS),
        }
        return f"SCRAM-SHA-512=[{','.join(f'{name}={value}' for name, value in fields.items())}]"


class NodeDirectory:
    """The files of one node under one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data = self.root / "data"
        self.properties = self.root / "server.properties"
        self.log = self.root / "kafka.log"
        self.output = self.root / "jvm.log"
        self.ca_pem = self.root / "ca.pem"
        self.server_pem = self.root / "server.pem"
        self._identity = self.root / "identity.json"

    @property
    def is_formatted(self) -> bool:
        """Whether Kafka has made this directory its own."""
        return (self.data / "meta.properties").exists()

    def identity(self, node: NodeSettings) -> Identity:
        """The identity kept here, or a new one; ports that `node` names win, others are kept or chosen.

        Raises ForeignDataDirectory when the directory is another cluster's, another node's, or not Kafka's.
        """
        kept = self.kept()
        if kept is None and self.root.exists() and any(self.root.iterdir()):
            raise ForeignDataDirectory(
                f"{self.root} is not empty and not a Kafka data directory: choose another one."
            )
        if kept is not None:
            self._check_same(kept, node)
        taken = dict(kept.ports) if kept else {}
        taken.update(node.ports)
        for listener in node.listeners:
            if listener not in taken:
                taken[listener] = ports.choose(avoid={*taken.values(), *node.advertised.values()})
        identity = Identity(
            cluster_id=kept.cluster_id if kept else node.cluster_id or new_cluster_id(),
            node_id=node.node_id,
            ports=taken,
            sasl_password=kept.sasl_password if kept else secrets.token_urlsafe(24),
        )
        self._write(identity)
        if SASL_SSL in node.listeners and not (self.ca_pem.exists() and self.server_pem.exists()):
            certificates.issue(self.ca_pem, self.server_pem, datetime.datetime.now(datetime.UTC))
        return identity

    def _check_same(self, kept: Identity, node: NodeSettings) -> None:
        if node.cluster_id is not None and node.cluster_id != kept.cluster_id:
            raise ForeignDataDirectory(
                f"{self.root} belongs to cluster {kept.cluster_id}, not {node.cluster_id}: "
                "choose another directory, or remove it to lose its data."
            )
        if node.node_id != kept.node_id:
            raise ForeignDataDirectory(
                f"{self.root} belongs to node {kept.node_id}, not node {node.node_id}: "
                "give each node a directory of its own."
            )

    def kept(self) -> Identity | None:
        """The identity kept here by an earlier start; None in a new directory."""
        try:
            return Identity(**json.loads(self._identity.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ForeignDataDirectory(
                f"{self._identity} cannot be read ({error}): "
                "choose another directory, or remove it to lose its data."
            ) from error

    def _write(self, identity: Identity) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        fresh = self._identity.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(identity), indent=2) + "\n")
        fresh.replace(self._identity)


def new_cluster_id() -> str:
    """A Kafka cluster id: a random UUID in URL-safe base64 without padding, never starting with a dash."""
    while True:
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not name.startswith("-"):
            return name
