"""Settings of a process, read from PARLEY_* variables: typed, and refused in one line."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

EXIT_BAD_SETTINGS = 78
"""EX_CONFIG of sysexits.h: starting again without another setting is of no use."""
PORT_MAX = 65_535

Port = Annotated[int, Field(ge=0, le=PORT_MAX)]


class ServiceSettings(BaseSettings):
    """What every process of the platform can be told."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_", env_ignore_empty=True, frozen=True)

    topic_prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{0,64}$")] = "parley."
    """Kafka topic = prefix + declared name."""
    data_dir: Path = Path(".run/data")
    """Directory for state that can be rebuilt."""
    ordinal: Annotated[int, Field(ge=0, le=9_999)] = 0
    """Number of this replica of its service, from 0; no two that run at once may share it."""
    health_host: str = "127.0.0.1"
    health_port: Port
    """Port of /metrics, /healthz, /readyz and /state; 0 chooses a free one."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class WorkerSettings(ServiceSettings):
    """What a process that identifies customers or opens sealed settings needs as well."""

    platform_key: SecretStr


SettingsClass = TypeVar("SettingsClass", bound=BaseSettings)


def load(settings: type[SettingsClass]) -> SettingsClass:
    """The settings from the environment. What is wrong with them is one line on stderr and exit status 78."""
    try:
        return settings()
    except ValidationError as error:
        prefix = settings.model_config.get("env_prefix", "")
        refuse("; ".join(_sentence(prefix, dict(each)) for each in error.errors()))


def refuse(sentence: str) -> NoReturn:
    """Say in one line which setting is wrong, and exit with status 78."""
    sys.stderr.write(" ".join(sentence.split()) + "\n")
    raise SystemExit(EXIT_BAD_SETTINGS)


def _sentence(prefix: str, error: dict[str, Any]) -> str:
    variable = prefix + "_".join(str(part) for part in error["loc"]).upper()
    if error["type"] == "missing":
        return f"{variable} is not set"
    problem = str(error["msg"]).removeprefix("Value error, ")
    if isinstance(error["input"], str) and "KEY" not in variable:
        return f"{variable}: {problem}, not {error['input']!r}"
    return f"{variable}: {problem}"
