"""Which instance a command works on."""

import json
from pathlib import Path

import pytest

from services.admin.errors import Refused
from services.admin.instance import find_instance

KEPT = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
    "PARLEY_PLATFORM_KEY": "AAAA",
    "PARLEY_TOPIC_PREFIX": "mine.",
}
URLS = {"consent": "http://127.0.0.1:9100/metrics"}


@pytest.fixture
def running(tmp_path: Path) -> Path:
    run = tmp_path / ".run"
    run.mkdir()
    (run / "environment.json").write_text(json.dumps(KEPT))
    (run / "parley.json").write_text(json.dumps({"metrics_urls": URLS}))
    return tmp_path


def test_the_instance_that_runs_here(running: Path) -> None:
    instance = find_instance(running, {})
    assert instance.connection.bootstrap_servers == "127.0.0.1:9092"
    assert instance.topic_prefix == "mine."
    assert instance.metrics_urls == URLS
    assert instance.environment["PARLEY_PLATFORM_KEY"] == "AAAA"


def test_a_variable_wins_over_what_runs_here(running: Path) -> None:
    given = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "PARLEY_TOPIC_PREFIX": "other."}
    instance = find_instance(running, given)
    assert (instance.topic_prefix, instance.metrics_urls) == ("other.", URLS)


def test_another_cluster_is_never_given_the_key_of_this_one(running: Path) -> None:
    instance = find_instance(running, {"KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9093"})
    assert (instance.topic_prefix, instance.metrics_urls) == ("parley.", {})
    with pytest.raises(Refused, match="PARLEY_PLATFORM_KEY is not set"):
        _ = instance.platform_key


def test_an_environment_alone_is_enough(tmp_path: Path) -> None:
    given = {"KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9093", "PARLEY_METRICS_URLS": json.dumps(URLS)}
    assert find_instance(tmp_path, given).metrics_urls == URLS


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "No instance runs here: `make up` starts one"),
        ({"KAFKA_BOOTSTRAP_SERVERS": "kafka"}, "must be host:port"),
        ({"KAFKA_BOOTSTRAP_SERVERS": "a:1", "PARLEY_METRICS_URLS": "consent"}, "must be a JSON object"),
        (
            {"KAFKA_BOOTSTRAP_SERVERS": "a:1", "PARLEY_METRICS_URLS": '{"consent": 1}'},
            "must be a JSON object",
        ),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        find_instance(tmp_path, given)


def test_a_file_that_cannot_be_read_is_named(running: Path) -> None:
    (running / ".run" / "parley.json").write_text("{")
    with pytest.raises(Refused, match=r"parley\.json cannot be read"):
        find_instance(running, {})
