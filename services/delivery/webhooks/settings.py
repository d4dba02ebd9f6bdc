"""What the webhook workers can be told by their environment."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from services.delivery.webhooks.circuit import CircuitLimits
from services.delivery.webhooks.endpoint import EndpointLimits
from services.delivery.webhooks.endpoint_rules import EndpointRules
from services.delivery.webhooks.tiers import RetrySchedule
from services.runtime.service_settings import WorkerSettings

DAY_SECONDS = 86_400

Seconds = Annotated[float, Field(gt=0, le=7 * DAY_SECONDS)]


class WebhookSettings(WorkerSettings):
    """``PARLEY_*`` variables of the webhook workers."""

    webhook_timeout_seconds: Seconds = 10
    """For one try: name, connection, request and answer together."""
    webhook_retry_seconds: Annotated[tuple[float, ...], NoDecode] = (1, 5, 30, 120, 600, 3600, 21600)
    """Waits after each try, comma between; the last one repeats. At most seven."""
    webhook_give_up_seconds: Annotated[float, Field(gt=0, le=6 * DAY_SECONDS)] = 1.5 * DAY_SECONDS
    """After the first try. Below the seven days for which the retry topics keep records."""
    webhook_connections: Annotated[int, Field(ge=1, le=1_000)] = 100
    """Tries at once to one endpoint."""
    webhook_sockets: Annotated[int, Field(ge=1, le=100_000)] = 4_096
    """Connections to all endpoints together; the system's limit of open files may make it fewer."""
    webhook_queue: Annotated[int, Field(ge=1, le=100_000)] = 4_000
    """Updates that wait for one endpoint; more go to the first retry tier."""
    webhook_queue_seconds: Seconds = 5
    """How long one waits before it goes there too."""
    webhook_circuit_failures: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Failures in a row after which an endpoint is left alone."""
    webhook_circuit_open_seconds: Seconds = 5
    """For how long at first; doubled up to a minute while a single probe fails too."""
    webhook_stop_seconds: Seconds = 5
    """How long tries under way may take once the worker is told to end; those cut off are made again."""
    webhook_allow_private: bool = False
    """Whether webhooks may go to private addresses, loopback included, and in the clear."""
    webhook_ca_file: Path | None = None
    """PEM file of the authorities that endpoints' certificates are checked by; the system's if none."""

    @field_validator("webhook_retry_seconds", mode="before")
    @classmethod
    def _split(cls, text: object) -> object:
        return text.split(",") if isinstance(text, str) else text

    @model_validator(mode="after")
    def _all_can_be_used(self) -> Self:
        self.schedule()
        self.endpoint_rules().tls()
        return self

    def endpoint_rules(self) -> EndpointRules:
        """Under which rules endpoints are reached."""
        return EndpointRules(allow_private=self.webhook_allow_private, ca_file=self.webhook_ca_file)

    def schedule(self) -> RetrySchedule:
        """When an update is tried again. Raises ValueError."""
        return RetrySchedule(self.webhook_retry_seconds, self.webhook_give_up_seconds)

    def endpoint_limits(self) -> EndpointLimits:
        """What one endpoint may take of the worker."""
        return EndpointLimits(self.webhook_connections, self.webhook_queue, self.webhook_queue_seconds)

    def circuit_limits(self) -> CircuitLimits:
        """When an endpoint is left alone."""
        return CircuitLimits(self.webhook_circuit_failures, self.webhook_circuit_open_seconds)
