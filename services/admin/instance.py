"""The instance that a command works on: the one described in `.run`, or the one of the environment."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.admin.errors import Refused
from services.admin.kept_tokens import KeptTokens
from services.admin.supervisor.run_directory import RunDirectory
from services.contracts.catalogue import differing_partitions
from services.identity.platform_key import PlatformKey
from services.runtime.kafka_connection import KafkaConnection, KafkaSettingsInvalid, read_kafka_connection
from services.runtime.kafka_reachable import check_reachable

SERVERS = "KAFKA_BOOTSTRAP_SERVERS"
METRICS_URLS = "PARLEY_METRICS_URLS"
"""JSON object of metrics URLs by process, as in `.run/parley.json`, for an instance without that file."""
REACH_SECONDS_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Instance:
    """How to reach one instance."""

    connection: KafkaConnection
    topic_prefix: str
    metrics_urls: Mapping[str, str]
    environment: Mapping[str, str]
    """All variables that speak of it: those of this process, else those kept by `make up`."""
    kept_tokens: KeptTokens | None = None
    """Where tokens made by commands are kept, so that `.run/parley.json` lists them; none elsewhere."""

    @property
    def platform_key(self) -> PlatformKey:
        """The platform's secret. Raises :class:`Refused` where none is known, `BadPlatformKey`."""
        text = self.environment.get("PARLEY_PLATFORM_KEY")
        if not text:
            raise Refused("PARLEY_PLATFORM_KEY is not set: give the key that the platform's processes have.")
        return PlatformKey.from_text(text)


def find_instance(directory: Path | None = None, environment: Mapping[str, str] | None = None) -> Instance:
    """The instance of this working directory's `.run`, where each variable of the environment wins over it.

    An environment that names another cluster stands alone, so that nobody writes to one cluster with the key
    of another. Raises :class:`Refused` when there is neither, or the settings do not fit together.
    """
    variables = dict(os.environ if environment is None else environment)
    run = RunDirectory((directory or Path.cwd()) / ".run")
    kept, urls = _read(run.environment), _read(run.instance).get("metrics_urls", {})
    if variables.get(SERVERS, kept.get(SERVERS)) != kept.get(SERVERS):
        kept, urls = {}, {}
    variables = kept | variables
    if not variables.get(SERVERS):
        raise Refused(f"No instance runs here: `make up` starts one, or set {SERVERS} to that of another.")
    try:
        connection = read_kafka_connection(variables)
    except KafkaSettingsInvalid as error:
        raise Refused(f"{error}.") from None
    return Instance(
        connection=connection,
        topic_prefix=variables.get("PARLEY_TOPIC_PREFIX", "parley."),
        metrics_urls=_urls(variables[METRICS_URLS]) if METRICS_URLS in variables else urls,
        environment=variables,
        kept_tokens=KeptTokens(run.accounts) if kept else None,
    )


def open_instance(*, whatever_topics: bool = False) -> Instance:
    """The instance, once its Kafka has answered. Raises as `find_instance` does, and `KafkaUnreachable`.

    Topics with another number of partitions than this process expects are :class:`Refused` too, unless
    `whatever_topics`: what is written or read would be in the wrong place, or a part of the whole.
    """
    instance = find_instance()
    found = check_reachable(instance.connection, REACH_SECONDS_MAX)
    if not whatever_topics and (difference := differing_partitions(found, instance.topic_prefix)):
        raise Refused(f"{difference}.")
    return instance


def _read(file: Path) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Refused(f"{file} cannot be read: {error}.") from None
    return read


def _urls(text: str) -> Mapping[str, str]:
    try:
        urls = json.loads(text)
    except ValueError:
        urls = None
    if not isinstance(urls, dict) or not all(isinstance(url, str) for url in urls.values()):
        raise Refused(f'{METRICS_URLS} must be a JSON object such as {{"consent": "http://…/metrics"}}.')
    return urls
