"""The processes of the platform, but for the broker: what is started, and with which settings."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.admin.supervisor.addresses import (
    HANDSET_PORT,
    HEALTH_PORT_FIRST,
    HOST,
    INGRESS_PORT,
    Addresses,
)
from services.admin.supervisor.options import Options

STAGES = {
    "consent": "services.consent",
    "session-window": "services.session_window",
    "rate-and-bill": "services.rate_and_bill",
    "delivery": "services.delivery",
}
INGRESS, HANDSET, WEBHOOKS = "ingress", "channel-handset", "webhooks"
WORKERS = {
    INGRESS: "services.ingress",
    HANDSET: "services.delivery.handset",
    WEBHOOKS: "services.delivery.webhooks",
}


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process: command and the environment that it has beyond the instance's."""

    name: str
    command: Sequence[str]
    health_port: int
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready_url(self) -> str:
        """Where it says whether it is ready."""
        return f"http://{HOST}:{self.health_port}/readyz"

    @property
    def metrics_url(self) -> str:
        """Where its metrics are read."""
        return f"http://{HOST}:{self.health_port}/metrics"


@dataclass(frozen=True, slots=True)
class ProcessTable:
    """All processes, and where the outside finds the platform."""

    processes: Sequence[ProcessSpec]
    ingress_url: str
    handset_url: str


def platform_processes(addresses: Addresses, options: Options) -> ProcessTable:
    """The platform's own table: one of each service."""
    ingress, handset = addresses.port(INGRESS_PORT), addresses.port(HANDSET_PORT)
    extra = {
        INGRESS: {"PARLEY_INGRESS_PORT": str(ingress), "PARLEY_NUMBER_RATE": str(options.number_rate)},
        HANDSET: {"PARLEY_HANDSET_PORT": str(handset)},
    }
    return ProcessTable(
        processes=[
            _process(name, module, addresses.port(HEALTH_PORT_FIRST + position), extra.get(name, {}))
            for position, (name, module) in enumerate({**WORKERS, **STAGES}.items())
        ],
        ingress_url=f"http://{HOST}:{ingress}",
        handset_url=f"ws://{HOST}:{handset}/handset",
    )


def _process(name: str, module: str, health_port: int, extra: Mapping[str, str]) -> ProcessSpec:
    environment = {**extra, "PARLEY_HEALTH_PORT": str(health_port)}
    return ProcessSpec(name, [sys.executable, "-m", module], health_port, environment)
