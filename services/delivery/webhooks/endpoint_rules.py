"""Under which rules endpoints are reached: read in one way by the workers and by the `parley` command."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from services.delivery.webhooks.http_connection import tls_context

VARIABLE = "PARLEY_WEBHOOK_"


class BadEndpointRules(ValueError):
    """A variable says nothing that could be used; one sentence that names it."""


class EndpointRules(BaseModel):
    """What `PARLEY_WEBHOOK_ALLOW_PRIVATE` and `PARLEY_WEBHOOK_CA_FILE` stand for."""

    model_config = ConfigDict(frozen=True)

    allow_private: bool = False
    """Whether webhooks may go to private addresses, loopback included, and in the clear."""
    ca_file: Path | None = None
    """PEM file of the authorities that endpoints' certificates are checked by; the system's if none."""

    def tls(self) -> ssl.SSLContext:
        """Verifies names and certificates. Raises BadEndpointRules."""
        try:
            return tls_context(str(self.ca_file) if self.ca_file else None)
        except OSError as error:  # ssl.SSLError is such
            raise BadEndpointRules(
                f"{VARIABLE}CA_FILE names no file of certificates: {self.ca_file} ({error})"
            ) from None


def read_endpoint_rules(variables: Mapping[str, str]) -> EndpointRules:
    """The rules that these variables state; an empty one states nothing. Raises BadEndpointRules."""
    stated = {name: variables.get(VARIABLE + name.upper()) for name in EndpointRules.model_fields}
    try:
        return EndpointRules(**{name: text for name, text in stated.items() if text})  # type: ignore[arg-type]
    except ValidationError as error:
        raise BadEndpointRules("; ".join(_sentence(dict(each)) for each in error.errors())) from None


def _sentence(error: dict[str, Any]) -> str:
    return f"{VARIABLE}{str(error['loc'][0]).upper()}: {error['msg']}, not {error['input']!r}"
