"""Wait until a broker answers, by talking to it."""

import socket
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.kafka.directory import Identity, NodeDirectory
from deploy.kafka.errors import BrokerFailed, BrokerNotReady, PortTaken
from deploy.kafka.offspring import OffspringProcess
from deploy.kafka.ports import HOST
from deploy.kafka.settings import PLAINTEXT

POLL_SECONDS = 0.02
TAIL_BYTES = 64 * 1024
REASON_LENGTH_MAX = 300


def wait(
    process: OffspringProcess, identity: Identity, directory: NodeDirectory, deadline_seconds: float
) -> None:
    """Block until the broker accepts connections and answers a metadata request that names itself.

    Raises PortTaken, BrokerFailed (it ended) or BrokerNotReady (the deadline has passed).
    """
    port = identity.ports[PLAINTEXT]
    deadline = time.monotonic() + deadline_seconds
    while not _accepts(port):
        _check_alive(process, identity, directory)
        _check_deadline(deadline, deadline_seconds, directory)
        process.wait(POLL_SECONDS)
    # The client keeps retrying by itself; what it logs meanwhile is of no use to anyone.
    admin = AdminClient(
        {"bootstrap.servers": f"{HOST}:{port}", "log_level": 0, "reconnect.backoff.max.ms": 200}
    )
    while not _answers(admin, identity.node_id):
        _check_alive(process, identity, directory)
        _check_deadline(deadline, deadline_seconds, directory)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(admin: AdminClient, node_id: int) -> bool:
    try:
        return node_id in admin.list_topics(timeout=1).brokers
    except KafkaException:
        return False


def _check_alive(process: OffspringProcess, identity: Identity, directory: NodeDirectory) -> None:
    if process.is_alive():
        return
    complaint = _last_complaint(directory)
    if "Address already in use" in complaint:
        for port in identity.ports.values():
            if _accepts(port):
                raise PortTaken(HOST, port)
    raise BrokerFailed(
        f"Kafka ended at start with exit code {process.exit_code}; {directory.log} says: {complaint}"
    )


def _check_deadline(deadline: float, deadline_seconds: float, directory: NodeDirectory) -> None:
    if time.monotonic() > deadline:
        raise BrokerNotReady(f"Kafka was not ready within {deadline_seconds:g} s: see {directory.log}.")


def _last_complaint(directory: NodeDirectory) -> str:
    """The last error in the broker's log, else the last line that the virtual machine wrote."""
    log = [line for line in _tail(directory.log) if " ERROR " in line or " FATAL " in line]
    lines = log or _tail(directory.output) or ["nothing"]
    return lines[-1][:REASON_LENGTH_MAX]


def _tail(file: Path) -> list[str]:
    if not file.exists():
        return []
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - TAIL_BYTES))
        return [line for line in opened.read().decode(errors="replace").splitlines() if line.strip()]
