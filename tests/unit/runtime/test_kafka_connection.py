"""The KAFKA_* settings: what fits together, and the sentence when it does not."""

from pathlib import Path

import pytest

from services.runtime.kafka_connection import KafkaSettingsInvalid, read_kafka_connection

VARIABLES = (
    "BOOTSTRAP_SERVERS",
    "SECURITY_PROTOCOL",
    "SASL_MECHANISM",
    "SASL_USERNAME",
    "SASL_PASSWORD",
    "SSL_CA_LOCATION",
)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(f"KAFKA_{name}", raising=False)
    return monkeypatch


def given(environment: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        environment.setenv(f"KAFKA_{name}", value)


def test_servers_alone_are_plaintext(environment: pytest.MonkeyPatch) -> None:
    given(environment, {"BOOTSTRAP_SERVERS": "a:9092,b:9092", "SASL_USERNAME": ""})
    connection = read_kafka_connection()
    assert connection.librdkafka() == {"bootstrap.servers": "a:9092,b:9092", "security.protocol": "PLAINTEXT"}
    assert connection.aiokafka() == {"bootstrap_servers": "a:9092,b:9092", "security_protocol": "PLAINTEXT"}


def test_a_child_process_reads_the_same_connection(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9093",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_SASL_USERNAME": "parley",
        "KAFKA_SASL_PASSWORD": "pass word",
        "KAFKA_SSL_CA_LOCATION": str(authority),
    }
    for name, value in settings.items():
        environment.setenv(name, value)
    connection = read_kafka_connection()
    assert connection.environment() == settings
    assert connection.librdkafka() == {
        "bootstrap.servers": "kafka.example:9093",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "parley",
        "sasl.password": "pass word",
        "ssl.ca.location": str(authority),
    }
    assert "pass word" not in repr(connection)


SERVERS = {"BOOTSTRAP_SERVERS": "localhost:9092"}
SASL = {**SERVERS, "SECURITY_PROTOCOL": "SASL_SSL", "SASL_USERNAME": "u", "SASL_PASSWORD": "p"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "KAFKA_BOOTSTRAP_SERVERS is not set"),
        ({"BOOTSTRAP_SERVERS": "localhost"}, "KAFKA_BOOTSTRAP_SERVERS must be host:port"),
        ({"BOOTSTRAP_SERVERS": "localhost:99999"}, "KAFKA_BOOTSTRAP_SERVERS must be host:port"),
        ({"BOOTSTRAP_SERVERS": "a:1,,b:2"}, "KAFKA_BOOTSTRAP_SERVERS must be host:port"),
        ({**SERVERS, "SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL: Input should be 'PLAINTEXT'"),
        ({**SERVERS, "SECURITY_PROTOCOL": "SASL_SSL"}, "needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        ({**SASL, "SASL_PASSWORD": ""}, "needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        ({**SASL, "SECURITY_PROTOCOL": "PLAINTEXT"}, "KAFKA_SASL_* is set but KAFKA_SECURITY_PROTOCOL"),
        ({**SASL, "SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM: Input should be 'PLAIN'"),
        ({**SASL, "SSL_CA_LOCATION": "/no/such/file"}, "KAFKA_SSL_CA_LOCATION names no file: /no/such/file"),
        ({**SERVERS, "SSL_CA_LOCATION": "/ca.pem"}, "KAFKA_SSL_CA_LOCATION is set but"),
    ],
)
def test_settings_that_do_not_fit_are_one_sentence(
    environment: pytest.MonkeyPatch, settings: dict[str, str], sentence: str
) -> None:
    given(environment, settings)
    with pytest.raises(KafkaSettingsInvalid) as refusal:
        read_kafka_connection()
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
