"""Ingress as a process: what it says when it cannot start, its health port, and its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Producer

from services.contracts.catalogue import FACTOR, partition_factor
from services.identity.platform_key import PlatformKey
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.ingress_rig import BEARER, seeded_topics
from tests.unit.ingress.rig import PATH, TEXT

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
START_SECONDS_MAX = 20


@contextmanager
def process(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """``python -m services.ingress`` with settings of its own; ended with the context."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "KAFKA_"))
    }
    paths = os.pathsep.join([str(ROOT), str(ROOT / "services" / "contracts")])
    with subprocess.Popen(
        [sys.executable, "-m", "services.ingress"],
        env=inherited | {"PYTHONPATH": paths, FACTOR: str(partition_factor())} | dict(environment),
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def settings(connection: KafkaConnection, prefix: str, **more: str) -> dict[str, str]:
    """A good environment, changed."""
    return (
        connection.environment()
        | {
            "PARLEY_PLATFORM_KEY": PlatformKey.generate(),
            "PARLEY_TOPIC_PREFIX": prefix,
            "PARLEY_INGRESS_PORT": "0",
            "PARLEY_HEALTH_PORT": "0",
        }
        | more
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PARLEY_PLATFORM_KEY", ""),
        ("PARLEY_PLATFORM_KEY", "short"),
        ("PARLEY_INGRESS_PORT", "http"),
        ("PARLEY_NUMBER_RATE", "0"),
        ("PARLEY_MESSAGE_TTL_SECONDS", "99999999"),
        ("KAFKA_BOOTSTRAP_SERVERS", ""),
        ("KAFKA_BOOTSTRAP_SERVERS", "nowhere"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(kafka: KafkaConnection, variable: str, value: str) -> None:
    with process(settings(kafka, "p.") | {variable: value}) as ingress:
        _, complaint = ingress.communicate(timeout=START_SECONDS_MAX)
    assert ingress.returncode == 78
    assert len(complaint.splitlines()) == 1
    assert variable in complaint


def test_a_missing_topic_is_one_line_that_names_it(kafka: KafkaConnection) -> None:
    with process(settings(kafka, "missing.")) as ingress:
        _, complaint = ingress.communicate(timeout=START_SECONDS_MAX)
    assert ingress.returncode == 1
    assert "missing.settings" in complaint.splitlines()[-1]
    assert "Traceback" not in complaint


def until(ingress: subprocess.Popen[str], words: str) -> str:
    """The first line that the process logs with these words."""
    assert ingress.stderr is not None
    for line in ingress.stderr:
        if words in line:
            return line
    pytest.fail(f"ingress ended with {ingress.wait()} before it said {words!r}")


def test_an_unreachable_broker_is_waited_for_visibly(kafka: KafkaConnection) -> None:
    environment = settings(kafka, "p.", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    with process(environment) as ingress:
        assert "127.0.0.1:1" in until(ingress, "waiting for Kafka")
        until(ingress, "waiting for Kafka")
        ingress.send_signal(signal.SIGTERM)
        assert ingress.wait(START_SECONDS_MAX) == 0


def test_it_serves_says_so_and_ends_in_peace(kafka: KafkaConnection) -> None:
    prefix = seeded_topics(kafka)
    with process(settings(kafka, prefix)) as ingress:
        line = until(ingress, "serving the Cloud API")
        urls = dict(part.split("=", 1) for part in line.split() if part.startswith(("url=", "health=")))
        response = httpx.post(urls["url"] + PATH, json=TEXT, headers=BEARER)
        assert response.status_code == 200
        deadline = time.monotonic() + START_SECONDS_MAX
        while httpx.get(urls["health"] + "/readyz").status_code != 200:
            assert time.monotonic() < deadline
        assert 'parley_ingress_requests_total{code="0"} 1.0' in httpx.get(urls["health"] + "/metrics").text
        ingress.send_signal(signal.SIGTERM)
        assert ingress.wait(START_SECONDS_MAX) == 0


def test_settings_that_can_no_longer_be_followed_end_it(kafka: KafkaConnection) -> None:
    prefix = seeded_topics(kafka)
    with process(settings(kafka, prefix)) as ingress:
        until(ingress, "serving the Cloud API")
        producer = Producer(kafka.librdkafka())
        producer.produce(f"{prefix}settings", key=b"account/1", value=b"\xff")
        producer.flush(START_SECONDS_MAX)
        _, complaint = ingress.communicate(timeout=START_SECONDS_MAX)
    assert ingress.returncode == 1
    last = complaint.splitlines()[-1]
    assert last.startswith("ingress: ")
    assert f"{prefix}settings" in last
