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
REASON_LENGTH_MAX = 400


def wait(
    process: OffspringProcess,
    identity: Identity,
    directory: NodeDirectory,
    *,
    log_start: int,
    deadline_seconds: float,
) -> None:
    """Block until the broker accepts connections and answers a metadata request that names itself.

    `log_start` is the size that the broker's log had before it was started: older lines are not its own.
    Raises PortTaken, BrokerFailed (it ended) or BrokerNotReady (the deadline has passed).
    """
    port = identity.ports[PLAINTEXT]
    deadline = time.monotonic() + deadline_seconds
    while not _accepts(port):
        _check_alive(process, identity, directory, log_start)
        _check_deadline(deadline, deadline_seconds, directory)
        process.wait(POLL_SECONDS)
    # The client keeps retrying by itself; what it logs meanwhile is of no use to anyone.
    admin = AdminClient(
        {"bootstrap.servers": f"{HOST}:{port}", "log_level": 0, "reconnect.backoff.max.ms": 200}
    )
    while not _answers(admin, identity.node_id):
        _check_alive(process, identity, directory, log_start)
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


def _check_alive(
    process: OffspringProcess, identity: Identity, directory: NodeDirectory, log_start: int
) -> None:
    if process.is_alive():
        return
    complaint = _complaint(_written_since(log_start, directory.log)) or _complaint(
        _written_since(0, directory.output)
    )
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


def _written_since(start: int, file: Path) -> list[str]:
    """The file's lines from the byte `start` on (from its beginning if it was rolled over since)."""
    if not file.exists():
        return []
    size = file.stat().st_size
    with file.open("rb") as opened:
        opened.seek(max(start if start <= size else 0, size - TAIL_BYTES))
        return opened.read().decode(errors="replace").splitlines()


def _complaint(lines: list[str]) -> str:
    """The last error with the exceptions that caused it, without their stack traces, on one line."""
    said = [line.strip() for line in lines if line.strip() and not line.startswith("\t")]
    errors = [index for index, line in enumerate(said) if " ERROR " in line or " FATAL " in line]
    return " ".join(said[errors[-1] if errors else -1 :])[:REASON_LENGTH_MAX]
