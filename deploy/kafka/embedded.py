"""A real Apache Kafka of one's own: one KRaft node that lives no longer than this process."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from deploy.kafka import ports, readiness
from deploy.kafka.commands import broker_command, format_command
from deploy.kafka.directory import SASL_USERNAME, NodeDirectory
from deploy.kafka.errors import BrokerFailed
from deploy.kafka.jars import ensure_jars
from deploy.kafka.java import find_java
from deploy.kafka.offspring import OffspringProcess
from deploy.kafka.settings import PLAINTEXT, SASL_SSL, NodeSettings, render, server_properties
from services.runtime.kafka_connection import KafkaConnection

FORMAT_SECONDS_MAX = 60


class EmbeddedKafka:
    """One broker with its controller. The same directory can be started again: same cluster, ports and data.

    Not safe for use by several threads at once; `start` may be called from any thread. The broker ends when
    this process ends, kill -9 included (Linux).
    """

    def __init__(
        self,
        data_dir: Path,
        node: NodeSettings | None = None,
        *,
        port: int | None = None,
        sasl_ssl: bool = False,
        heap_mb: int = 1024,
        ready_seconds: float = 120,
        stop_seconds: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Choose the ports; nothing runs before `start`.

        `port` is the PLAINTEXT listener's, `sasl_ssl` opens that listener too: both are short for what `node`
        says at length. `environment` (this process's if None) has PATH, JAVA_HOME and the cache directory.
        Raises ForeignDataDirectory.
        """
        node = node or NodeSettings()
        if port is not None:
            node = replace(node, ports={**node.ports, PLAINTEXT: port})
        self.node = replace(node, sasl_ssl=True) if sasl_ssl else node
        self.directory = NodeDirectory(data_dir)
        self.identity = self.directory.identity(self.node)
        self.heap_mb = heap_mb
        self.ready_seconds = ready_seconds
        self.stop_seconds = stop_seconds
        self._environment = dict(os.environ if environment is None else environment)
        self._process: OffspringProcess | None = None

    def start(self) -> None:
        """Start the broker and wait until it answers. Does nothing when it runs already.

        Raises KafkaUnavailable in one of its kinds, after which nothing runs.
        """
        if self.is_alive():
            return
        java = find_java(self._environment)
        jars = ensure_jars(self._environment)
        for listener in self.node.listeners:
            ports.check_free(self.identity.ports[listener])
        properties = server_properties(
            self.node, self.identity.ports, self.directory.data, self.directory.server_pem
        )
        self.directory.properties.write_text(render(properties))
        if not self.directory.is_formatted:
            self._format(java, jars)
        log_start = self.directory.log.stat().st_size if self.directory.log.exists() else 0
        self._process = OffspringProcess(
            broker_command(java, jars, self.directory, self.heap_mb),
            output=self.directory.output,
            environment=self._environment,
        )
        try:
            readiness.wait(
                self._process,
                self.identity,
                self.directory,
                log_start=log_start,
                deadline_seconds=self.ready_seconds,
            )
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End the broker cleanly, or by force once `stop_seconds` are over. Safe to call twice."""
        if self._process is None:
            return
        self._process.send(signal.SIGTERM)
        if not self._process.wait(self.stop_seconds):
            self.kill()

    def kill(self) -> None:
        """End the broker as kill -9 does, and wait until it is gone. Safe to call twice."""
        if self._process is not None:
            self._process.send(signal.SIGKILL)
            self._process.wait(self.stop_seconds)

    def is_alive(self) -> bool:
        """Whether the broker's process runs."""
        return self._process is not None and self._process.is_alive()

    def wait(self, timeout_seconds: float) -> bool:
        """Block until the broker has ended, by whatever cause; False if it still runs after the time."""
        return self._process is None or self._process.wait(timeout_seconds)

    @property
    def pid(self) -> int:
        """Process id of the broker itself, for signals; only after `start`."""
        if self._process is None:
            raise RuntimeError("the broker has not been started")
        return self._process.pid

    @property
    def cluster_id(self) -> str:
        """The cluster's id, known before the first start."""
        return self.identity.cluster_id

    @property
    def bootstrap_servers(self) -> str:
        """Where plaintext clients find the broker (through its proxy if it has one)."""
        return self.connection().bootstrap_servers

    def connection(self, listener: str = PLAINTEXT) -> KafkaConnection:
        """How to reach the broker's PLAINTEXT or SASL_SSL listener."""
        listener = listener.upper()
        if listener not in self.node.listeners:
            raise ValueError(f"listener {listener} is not open, only {', '.join(self.node.listeners)}")
        port = self.node.advertised.get(listener, self.identity.ports[listener])
        secured = listener == SASL_SSL
        # Every field is given, so that no KAFKA_* variable of the environment fills a gap.
        return KafkaConnection(
            bootstrap_servers=f"{ports.HOST}:{port}",
            security_protocol="SASL_SSL" if secured else "PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512" if secured else None,
            sasl_username=SASL_USERNAME if secured else None,
            sasl_password=SecretStr(self.identity.sasl_password) if secured else None,
            ssl_ca_location=self.directory.ca_pem if secured else None,
        )

    def client_settings(self, listener: str = PLAINTEXT) -> dict[str, Any]:
        """The listener's settings for librdkafka."""
        return self.connection(listener).librdkafka()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _format(self, java: str, jars: Path) -> None:
        try:
            answer = subprocess.run(
                format_command(java, jars, self.directory, self.identity),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=FORMAT_SECONDS_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BrokerFailed(
                f"Kafka did not format {self.directory.data} within {FORMAT_SECONDS_MAX} s: "
                "check the machine's load and disk, and start again."
            ) from error
        if answer.returncode != 0:
            said = [line for line in answer.stdout.splitlines() if line and not line.startswith("\t")]
            raise BrokerFailed(f"Kafka could not format {self.directory.data}: {(said or ['nothing'])[-1]}")
