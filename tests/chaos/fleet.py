"""The services, two of each, and kept running."""

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.kafka import ports
from deploy.kafka.ports import HOST
from services.admin.supervisor.process_table import HANDSET, INGRESS, STAGES, WEBHOOKS, WORKERS
from services.admin.supervisor.readiness import wait_until_ready
from services.admin.supervisor.rotating_log import RotatingLog
from services.admin.supervisor.service_process import ServiceProcess
from tests.chaos.kept import Kept

ROOT = Path(__file__).parents[2]
READY_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 10.0
REPLICAS = 2
GROWING = (*STAGES, WEBHOOKS)
"""Services that may have another number of members at any time."""
WEBHOOK_ENVIRONMENT = {"PARLEY_WEBHOOK_RETRY_SECONDS": "1,2,4,8,8,8,8", "PARLEY_WEBHOOK_TIMEOUT_SECONDS": "3"}
"""So that a run need not wait for the retry of an hour."""


class Fleet:
    """Members are called after service and ordinal: ``consent-0``. Context manager; any thread may call."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        """``environment`` is what all have in common. Nothing runs before ``with``."""
        self._directory = directory
        self._environment = environment
        self._ports: dict[str, int] = {}
        self._logs: list[RotatingLog] = []
        self.members: dict[str, Kept] = {}
        """Those that are to run, by name."""
        for service in (*STAGES, *WORKERS):
            # The outbox has one owner: one replica of the channel is the design.
            for ordinal in range(1 if service == HANDSET else REPLICAS):
                self._make(f"{service}-{ordinal}")

    @property
    def ingress_urls(self) -> list[str]:
        """Where the Cloud API is served, by each replica."""
        return [f"http://{HOST}:{self._port(f'{INGRESS}-{ordinal}.http')}" for ordinal in range(REPLICAS)]

    @property
    def handset_url(self) -> str:
        """Where customers' devices connect."""
        return f"ws://{HOST}:{self._port(f'{HANDSET}-0.http')}/handset"

    def wait_until_ready(self, *names: str, seconds_max: float = READY_SECONDS_MAX) -> None:
        """Block until these, or all, say that they are ready. Raises `NotReady`."""
        urls = {name: f"http://{HOST}:{self._port(name)}/readyz" for name in names or self.members}
        wait_until_ready(urls, seconds_max, lambda name: self.members[name].complaint, lambda: False)

    def join(self, name: str) -> None:
        """A further member joins, or one that left comes back."""
        self._make(name).start()

    def leave(self, name: str) -> None:
        """A member ends in good order, and does not come back."""
        self.members.pop(name).stop(STOP_SECONDS_MAX)

    def log_of(self, name: str) -> Path:
        """What a member has said."""
        return self._directory / f"{name}.log"

    def __enter__(self) -> Self:
        for member in self.members.values():
            member.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor(len(self.members)) as stopping:
            list(stopping.map(lambda member: member.stop(STOP_SECONDS_MAX), self.members.values()))
        for log in self._logs:
            log.close()

    def _make(self, name: str) -> Kept:
        service, _, ordinal = name.rpartition("-")
        log = RotatingLog(self.log_of(name))
        self._logs.append(log)
        command = [sys.executable, "-m", {**STAGES, **WORKERS}[service]]
        process = ServiceProcess(
            name, command, {**self._environment, **self._variables(service, name, ordinal)}, ROOT, log
        )
        self.members[name] = Kept(name, process)
        return self.members[name]

    def _variables(self, service: str, name: str, ordinal: str) -> dict[str, str]:
        variables = {
            "PARLEY_ORDINAL": ordinal,
            "PARLEY_DATA_DIR": str(self._directory / name),
            "PARLEY_HEALTH_PORT": str(self._port(name)),
        }
        if service == INGRESS:
            http = str(self._port(f"{name}.http"))
            variables |= {"PARLEY_INGRESS_PORT": http, "PARLEY_INGRESS_REPLICAS": str(REPLICAS)}
        elif service == HANDSET:
            variables |= {"PARLEY_HANDSET_PORT": str(self._port(f"{name}.http"))}
        elif service == WEBHOOKS:
            variables |= WEBHOOK_ENVIRONMENT
        return variables

    def _port(self, name: str) -> int:
        if name not in self._ports:
            self._ports[name] = ports.choose(set(self._ports.values()))
        return self._ports[name]
