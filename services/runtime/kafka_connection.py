"""How to reach Kafka: the usual settings, read from the environment, for each client library."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


PORT_MAX = 65535


class KafkaSettingsInvalid(ValueError):
    """The KAFKA_* environment variables do not fit together: one sentence that says what to set."""


class KafkaConnection(BaseSettings):
    """Where the brokers are and how to be let in. What is not given is read from KAFKA_* variables."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", env_ignore_empty=True, frozen=True, extra="forbid")

    bootstrap_servers: str
    """host:port, comma between several."""
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism | None = None
    """SCRAM-SHA-512 when SASL is on and none is named."""
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_location: Path | None = None
    """PEM file of the authorities to trust; None trusts what the system trusts."""

    @field_validator("bootstrap_servers")
    @classmethod
    def _servers_have_ports(cls, servers: str) -> str:
        for server in servers.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) <= PORT_MAX:
                raise ValueError(
                    f"KAFKA_BOOTSTRAP_SERVERS must be host:port, comma between several, not {servers!r}"
                )
        return servers

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.uses_sasl and not (self.sasl_username and self.sasl_password):
            raise ValueError(
                f"KAFKA_SECURITY_PROTOCOL={self.security_protocol} needs "
                "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
            )
        if not self.uses_sasl and (self.sasl_username or self.sasl_password or self.sasl_mechanism):
            raise ValueError(
                f"KAFKA_SASL_* is set but KAFKA_SECURITY_PROTOCOL is {self.security_protocol}: "
                "set it to SASL_SSL (or SASL_PLAINTEXT), or unset KAFKA_SASL_*"
            )
        if self.ssl_ca_location is not None:
            if not self.uses_tls:
                raise ValueError(
                    f"KAFKA_SSL_CA_LOCATION is set but KAFKA_SECURITY_PROTOCOL is {self.security_protocol}: "
                    "set it to SASL_SSL or SSL, or unset KAFKA_SSL_CA_LOCATION"
                )
            if not self.ssl_ca_location.is_file():
                raise ValueError(f"KAFKA_SSL_CA_LOCATION names no file: {self.ssl_ca_location}")
        return self

    @property
    def uses_sasl(self) -> bool:
        """Whether clients say who they are."""
        return self.security_protocol.startswith("SASL")

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol.endswith("SSL")

    def librdkafka(self) -> dict[str, Any]:
        """For confluent-kafka: the start of a client's configuration."""
        settings: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
        }
        if self.uses_sasl:
            settings["sasl.mechanism"] = self._mechanism
            settings["sasl.username"] = self.sasl_username or ""
            settings["sasl.password"] = self._password
        if self.ssl_ca_location is not None:
            settings["ssl.ca.location"] = str(self.ssl_ca_location)
        return settings

    def aiokafka(self) -> dict[str, Any]:
        """For aiokafka: keyword arguments of its clients. Reads the authorities' file."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
        }
        if self.uses_sasl:
            settings["sasl_mechanism"] = self._mechanism
            settings["sasl_plain_username"] = self.sasl_username
            settings["sasl_plain_password"] = self._password
        if self.uses_tls:
            settings["ssl_context"] = ssl.create_default_context(cafile=self.ssl_ca_location)
        return settings

    def environment(self) -> dict[str, str]:
        """The variables from which a child process reads this same connection; the password is among them."""
        values = {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "KAFKA_SECURITY_PROTOCOL": self.security_protocol,
        }
        if self.uses_sasl:
            values["KAFKA_SASL_MECHANISM"] = self._mechanism
            values["KAFKA_SASL_USERNAME"] = self.sasl_username or ""
            values["KAFKA_SASL_PASSWORD"] = self._password
        if self.ssl_ca_location is not None:
            values["KAFKA_SSL_CA_LOCATION"] = str(self.ssl_ca_location)
        return values

    @property
    def _mechanism(self) -> str:
        return self.sasl_mechanism or "SCRAM-SHA-512"

    @property
    def _password(self) -> str:
        return self.sasl_password.get_secret_value() if self.sasl_password else ""


def read_kafka_connection(variables: Mapping[str, str] | None = None) -> KafkaConnection:
    """The connection that ``variables`` name, and this process's environment where they say nothing.

    Raises KafkaSettingsInvalid in one sentence.
    """
    named = {name: (variables or {}).get(f"KAFKA_{name.upper()}") for name in KafkaConnection.model_fields}
    try:
        return KafkaConnection(**{name: value for name, value in named.items() if value})  # type: ignore[arg-type]
    except ValidationError as error:
        raise KafkaSettingsInvalid("; ".join(_sentence(dict(each)) for each in error.errors())) from error


def _sentence(error: dict[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    variable = "KAFKA_" + "_".join(str(part) for part in error["loc"]).upper()
    if error["type"] == "missing":
        return f"{variable} is not set"
    return f"{variable}: {error['msg']}, not {error['input']!r}"
