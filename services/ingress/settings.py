"""What ingress can be told by its environment."""

from typing import Annotated

from pydantic import Field

from services.runtime.service_settings import Port, WorkerSettings

DAY_SECONDS = 86_400
TTL_SECONDS_MAX = 30 * DAY_SECONDS


class IngressSettings(WorkerSettings):
    """``PARLEY_*`` variables of ingress."""

    ingress_host: str = "127.0.0.1"
    """Address that the Cloud API is served on."""
    ingress_port: Port = 8080
    """Its port; 0 chooses a free one."""
    ingress_replicas: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How many replicas share the load: each admits its part of a number's rate."""
    number_rate: Annotated[int, Field(ge=1, le=100_000)] = 80
    """Messages a second for a number that has no rate of its own."""
    message_ttl_seconds: Annotated[int, Field(ge=1, le=TTL_SECONDS_MAX)] = TTL_SECONDS_MAX
    """When a message that nobody received expires; a template may say less."""
    trace_sampled_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of new traces that are marked as sampled."""
