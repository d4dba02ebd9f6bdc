"""The environment that all processes of an instance share."""

import os
from collections.abc import Mapping
from pathlib import Path

from services.admin.supervisor.run_directory import RunDirectory, write_private
from services.contracts.catalogue import FACTOR, partition_factor
from services.identity.platform_key import PlatformKey
from services.runtime.kafka_connection import KafkaConnection

KEY = "PARLEY_PLATFORM_KEY"
PREFIX = "PARLEY_TOPIC_PREFIX"
ALLOW_PRIVATE = "PARLEY_WEBHOOK_ALLOW_PRIVATE"
DEFAULT_PREFIX = "parley."


def platform_key_text(file: Path, environment: Mapping[str, str]) -> str:
    """The platform key of the environment, else the one kept beside the data, made when there is none."""
    if given := environment.get(KEY):
        return given
    if not file.exists():
        write_private(file, PlatformKey.generate() + "\n")
    return file.read_text().strip()


def reaching(connection: KafkaConnection, key: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which any program, the `parley` command too, reaches this instance."""
    return {
        **connection.environment(),
        KEY: key,
        PREFIX: environment.get(PREFIX) or DEFAULT_PREFIX,
        FACTOR: str(partition_factor()),
        # On one's own machine webhooks go to one's own machine.
        ALLOW_PRIVATE: environment.get(ALLOW_PRIVATE) or "true",
    }


def for_processes(reaching: Mapping[str, str], directory: RunDirectory) -> dict[str, str]:
    """This process's environment, PARLEY_* variables that were given included, for its children."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    return {
        "PARLEY_DATA_DIR": str(directory.state),
        "PARLEY_HANDSET_DATED_MESSAGES": "true",
        **inherited,
        **reaching,
        "PYTHONUNBUFFERED": "1",
    }
