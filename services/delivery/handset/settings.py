"""What the handset channel can be told by the environment."""

from typing import Annotated

from pydantic import Field

from services.runtime.service_settings import Port, WorkerSettings


class HandsetSettings(WorkerSettings):
    """PARLEY_HANDSET_* beside what every worker has."""

    handset_host: str = "127.0.0.1"
    handset_port: Port = 8090
    """Port of the WebSockets; 0 chooses a free one."""
    handset_dated_messages: bool = False
    """Whether devices may date what they write: for demonstrations and tests, never for real customers."""
    handset_connections_max: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    trace_sampled_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of customers' messages whose trace is marked as sampled."""
