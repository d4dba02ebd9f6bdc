"""Clients over the SASL_SSL listener of a real broker, and what they are told when they are refused."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pydantic import SecretStr

from deploy.kafka import EmbeddedKafka
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_reachable import KafkaRefused, KafkaUnreachable, check_reachable

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 30


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path_factory.mktemp("secured"), sasl_ssl=True) as own:
        yield own


@pytest.fixture(scope="module")
def secured(broker: EmbeddedKafka) -> KafkaConnection:
    return broker.connection("sasl_ssl")


@pytest.fixture
def topic(secured: KafkaConnection) -> str:
    name = f"topic-{uuid.uuid4()}"
    admin = AdminClient(secured.librdkafka())
    admin.create_topics([NewTopic(name, 1)])[name].result(DEADLINE_SECONDS)
    return name


def test_confluent_kafka_produces_and_consumes(secured: KafkaConnection, topic: str) -> None:
    producer = Producer(secured.librdkafka())
    producer.produce(topic, b"over TLS")
    assert producer.flush(DEADLINE_SECONDS) == 0
    consumer = Consumer({**secured.librdkafka(), "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    record = consumer.poll(DEADLINE_SECONDS)
    consumer.close()
    assert record is not None
    assert record.value() == b"over TLS"


ROUND_TRIP = """
import asyncio, sys
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from services.runtime.kafka_connection import read_kafka_connection

async def round_trip(topic):
    connection = read_kafka_connection()
    async with AIOKafkaProducer(**connection.aiokafka(), acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b"over TLS")
    async with AIOKafkaConsumer(topic, **connection.aiokafka(), auto_offset_reset="earliest") as consumer:
        print((await consumer.getone()).value.decode())

asyncio.run(round_trip(sys.argv[1]))
"""


def run_aiokafka(connection: KafkaConnection, topic: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, as services have it: the connection travels through the environment."""
    return subprocess.run(
        [sys.executable, "-c", ROUND_TRIP, topic],
        env={**os.environ, **connection.environment()},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def test_aiokafka_produces_and_consumes(secured: KafkaConnection, topic: str) -> None:
    answer = run_aiokafka(secured, topic)
    assert (answer.returncode, answer.stdout) == (0, "over TLS\n"), answer.stderr


def test_aiokafka_does_not_hang_on_a_wrong_password(secured: KafkaConnection, topic: str) -> None:
    answer = run_aiokafka(secured.model_copy(update={"sasl_password": SecretStr("wrong")}), topic)
    assert answer.returncode == 1
    assert "invalid credentials with SASL mechanism SCRAM-SHA-512" in answer.stderr


@pytest.mark.parametrize(
    ("change", "refusal", "sentence"),
    [
        (
            {"sasl_password": SecretStr("wrong")},
            KafkaRefused,
            "refused user parley: check KAFKA_SASL_USERNAME",
        ),
        ({"sasl_username": "stranger"}, KafkaRefused, "refused user stranger"),
        ({"ssl_ca_location": None}, KafkaRefused, "check KAFKA_SSL_CA_LOCATION"),
        ({"bootstrap_servers": "127.0.0.1:1"}, KafkaUnreachable, "Connection refused"),
    ],
)
def test_a_refusal_is_said_at_once(
    secured: KafkaConnection, change: dict[str, Any], refusal: type[Exception], sentence: str
) -> None:
    check_reachable(secured)
    with pytest.raises(refusal, match=sentence):
        check_reachable(secured.model_copy(update=change), timeout_seconds=3)


def test_a_listener_that_wants_tls_does_not_keep_a_plaintext_client_waiting(
    broker: EmbeddedKafka, secured: KafkaConnection
) -> None:
    plain = broker.connection().model_copy(update={"bootstrap_servers": secured.bootstrap_servers})
    started = time.monotonic()
    with pytest.raises(KafkaUnreachable, match="KAFKA_SECURITY_PROTOCOL"):
        check_reachable(plain, timeout_seconds=1)
    assert time.monotonic() - started < 20, "as long as it was told to try, not as long as a client may"


def test_secrets_are_readable_by_their_owner_alone_and_in_no_command_line(broker: EmbeddedKafka) -> None:
    for name in ("identity.json", "server.pem"):
        assert (broker.directory.root / name).stat().st_mode & 0o077 == 0
    assert broker.identity.sasl_password.encode() not in Path(f"/proc/{broker.pid}/cmdline").read_bytes()
    assert broker.identity.sasl_password not in broker.directory.properties.read_text()


def test_the_shared_fixture_uses_the_cluster_that_the_environment_names(
    secured: KafkaConnection, tmp_path: Path
) -> None:
    """In a pytest of its own, which has no Java to start a broker with."""
    inner = tmp_path / "test_inner.py"
    inner.write_text(
        "from confluent_kafka.admin import AdminClient\n"
        "def test_inner(kafka):\n"
        "    assert AdminClient(kafka.librdkafka()).list_topics(timeout=20).brokers\n"
        f"    assert kafka.bootstrap_servers == {secured.bootstrap_servers!r}\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("PATH", "JAVA_HOME")}
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", str(inner)],
        env={**environment, **secured.environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
