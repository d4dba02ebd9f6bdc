"""Starts the broker and every process, and keeps them running until told to stop."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from deploy.kafka import EmbeddedKafka
from services.admin.supervisor.broker_process import BrokerProcess
from services.admin.supervisor.instance_file import InstanceFile
from services.admin.supervisor.keeper import Keeper
from services.admin.supervisor.process_table import ProcessSpec
from services.admin.supervisor.readiness import wait_until_ready
from services.admin.supervisor.rotating_log import RotatingLog
from services.admin.supervisor.run_directory import RunDirectory
from services.admin.supervisor.service_process import ServiceProcess

log = structlog.get_logger()

READY_SECONDS_MAX = 180.0
SERVICE_STOP_SECONDS_MAX = 10.0
BROKER_STOP_SECONDS_MAX = 20.0


class Supervisor:
    """The processes of one instance. Its methods are called by one thread, in the order they stand here,
    unless they say otherwise.
    """

    def __init__(self, directory: RunDirectory, working_directory: Path) -> None:
        """``working_directory`` is that of every service."""
        self._directory = directory
        self._working_directory = working_directory
        self._file = InstanceFile(directory.instance)
        self._services: dict[str, Keeper] = {}
        self._broker: Keeper | None = None
        self._logs: list[RotatingLog] = []
        self.stopping = threading.Event()
        """Set it, from any thread or signal, to end `run_until_stopped` and a wait for readiness."""

    def keep_broker(self, broker: EmbeddedKafka) -> None:
        """Start the broker, wait until it answers, and keep it running. Raises `KafkaUnavailable`."""
        broker.start()
        self._file.started(BrokerProcess.name, broker.pid)
        self._broker = Keeper(BrokerProcess(broker), self._file.started)
        self._broker.start()

    def keep(self, processes: Sequence[ProcessSpec], environment: Mapping[str, str]) -> None:
        """Start all processes at once and keep them running."""
        for spec in processes:
            output = RotatingLog(self._directory.logs / f"{spec.name}.log")
            self._logs.append(output)
            process = ServiceProcess(
                spec.name, spec.command, {**environment, **spec.environment}, self._working_directory, output
            )
            self._services[spec.name] = Keeper(process, self._file.started)
            self._services[spec.name].start()

    def wait_until_ready(
        self, processes: Sequence[ProcessSpec], seconds_max: float = READY_SECONDS_MAX
    ) -> None:
        """Block until all are ready. Raises `NotReady`."""
        urls = {spec.name: spec.ready_url for spec in processes}
        wait_until_ready(urls, seconds_max, self._complaint_of, self.stopping.is_set)

    def publish(self, description: dict[str, Any]) -> None:
        """Write the instance file, and write it anew whenever a process is started again."""
        self._file.publish(description)
        log.info("ready")

    def list_accounts(self, accounts: list[dict[str, Any]]) -> None:
        """Write the instance file anew if the accounts in it are others by now. Any thread may call it."""
        self._file.accounts(accounts)

    def run_until_stopped(self) -> None:
        """Block until `stopping` is set."""
        self.stopping.wait()

    def stop(self) -> None:
        """End everything, the broker last, so that the others can end in good order. Safe to call twice."""
        self._file.remove()
        _together(keeper.stop for keeper in self._services.values())
        self._services = {}
        if self._broker is not None:
            self._broker.stop(BROKER_STOP_SECONDS_MAX)
            self._broker = None
        for output in self._logs:
            output.close()

    def _complaint_of(self, name: str) -> str | None:
        return self._services[name].complaint


def _together(stops: Iterable[Callable[[float], None]]) -> None:
    threads = [threading.Thread(target=stop, args=(SERVICE_STOP_SECONDS_MAX,)) for stop in stops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
