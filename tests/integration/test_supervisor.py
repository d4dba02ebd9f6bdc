"""The supervisor on a real broker, with tiny services: what ends comes back, and nothing outlives it."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient

from parley.settings.v1 import settings_pb2
from services.admin.instance import find_instance
from services.admin.lookups import account_of
from services.admin.settings_snapshot import read_settings
from services.admin.settings_writer import SettingsWriter
from services.admin.supervisor.down import down
from services.admin.supervisor.run_directory import RunDirectory
from services.admin.topics import Topics
from services.contracts.catalogue import FACTOR, partition_factor
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection

pytestmark = pytest.mark.integration
PARLEY = str(Path(sys.executable).with_name("parley"))
INSTANCE = Path(__file__).with_name("tiny_instance.py")
DEADLINE_SECONDS = 30.0


class Instance:
    """A supervisor in its own process, as `make up` starts one."""

    def __init__(
        self,
        run_dir: Path,
        accounts: int = 1,
        exit_status: str = "",
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.directory = RunDirectory(run_dir)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
        self._process = subprocess.Popen(
            [sys.executable, str(INSTANCE), str(run_dir), str(accounts), exit_status],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=inherited | dict(environment),
            text=True,
        )
        self.said: list[str] = []

    def __enter__(self) -> "Instance":
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.rstrip())
            if self.said[-1] == "ready":
                return self
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; returns the exit status."""
        self._process.send_signal(number)
        self._process.communicate(timeout=DEADLINE_SECONDS)
        return self._process.returncode

    @property
    def description(self) -> dict[str, Any]:
        """`.run/parley.json` as it is now."""
        description: dict[str, Any] = json.loads(self.directory.instance.read_text())
        return description

    @property
    def pids(self) -> dict[str, int]:
        """Process ids as other programs read them."""
        pids: dict[str, int] = self.description["pids"]
        return pids


def wait_for(holds: Callable[[], bool]) -> None:
    """Return once it holds; fails when it never does."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place") / ".run"


@pytest.fixture(scope="module")
def instance(run_dir: Path) -> Iterator[Instance]:
    with Instance(run_dir) as running:
        assert running.said[-1] == "ready", running.said
        yield running


def test_the_file_says_where_everything_is(instance: Instance) -> None:
    description = instance.description
    assert set(description) == {
        "ingress_url",
        "handset_url",
        "kafka_bootstrap_servers",
        "metrics_urls",
        "pids",
        "limits",
        "accounts",
    }
    assert set(description["pids"]) == {"kafka", "first", "second"}
    assert set(description["metrics_urls"]) == {"first", "second"}
    assert description["limits"] == {
        "number_rate_per_second": 80,
        "pair_burst": 45,
        "pair_interval_seconds": 6,
    }
    (account,) = description["accounts"]
    assert account["plan"] == "launch-2018"
    assert {each["name"]: each["parameters"] for each in account["templates"]} == {
        "hello_world": 0,
        "order_update": 2,
    }


def test_files_with_secrets_are_for_their_owner(instance: Instance) -> None:
    directory = instance.directory
    for file in (directory.instance, directory.environment, directory.platform_key, directory.accounts):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_process_has_a_log(instance: Instance) -> None:
    assert (instance.directory.logs / "first.log").read_text().startswith("line of first\n")
    assert "Kafka Server started" in (instance.directory.logs / "kafka.log").read_text()


def parley(instance: Instance, *words: str) -> dict[str, Any]:
    """What the installed command answers where the instance runs."""
    done = subprocess.run(
        [PARLEY, *words, "--json"],
        cwd=instance.directory.root.parent,
        env={name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "PARLEY_"))},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def listed(instance: Instance, account_id: str) -> dict[str, Any]:
    """An account as the file lists it; empty where it does not."""
    accounts = instance.description["accounts"]
    return next((each for each in accounts if each["account_id"] == account_id), {})


def set_webhook(instance: Instance, account_id: str, url: str) -> None:
    """As `parley account webhook` does once an endpoint has answered the challenge."""
    place = find_instance(instance.directory.root.parent, {})

    def changes(settings: Any) -> list[settings_pb2.SettingChanged]:
        account = account_of(settings, account_id)
        account.webhook_url = url
        return [settings_pb2.SettingChanged(key=f"account/{account_id}", account=account)]

    SettingsWriter(place.connection, place.topic_prefix, wall_clock_ms).change(changes)


def test_the_file_lists_what_is_in_force(instance: Instance, tmp_path: Path) -> None:
    made = parley(instance, "account", "create", "--name", "Air Late")
    account_id = made["account_id"]
    wait_for(lambda: listed(instance, account_id) == made)

    first = instance.description["accounts"][0]["account_id"]
    set_webhook(instance, first, "http://127.0.0.1:9/hook")
    number = parley(instance, "number", "add", account_id)["phone_number_id"]
    template = tmp_path / "template.json"
    template.write_text(
        json.dumps(
            {
                "name": "flash_sale",
                "language": "en_US",
                "category": "MARKETING",
                "components": [{"type": "BODY", "text": "Today only"}],
            }
        )
    )
    parley(instance, "template", "add", account_id, str(template))
    token = parley(instance, "account", "token", account_id)["access_token"]
    parley(instance, "account", "token", account_id, "--revoke", "t1")
    wait_for(lambda: listed(instance, account_id)["access_token"] == token)

    before = instance.pids
    os.kill(before["first"], signal.SIGKILL)
    wait_for(lambda: instance.pids["first"] != before["first"])
    now = listed(instance, account_id)
    assert "flash_sale" in {each["name"] for each in now["templates"]}
    assert number in {each["phone_number_id"] for each in now["phone_numbers"]}
    assert (now["access_token"], now["phone_number_id"]) == (token, made["phone_number_id"])
    assert listed(instance, first)["webhook_url"] == "http://127.0.0.1:9/hook"


@pytest.mark.parametrize("name", ["first", "kafka"])
def test_what_is_killed_is_back(instance: Instance, name: str) -> None:
    before = instance.pids
    os.kill(before[name], signal.SIGKILL)
    wait_for(lambda: instance.pids[name] != before[name])
    assert is_alive(instance.pids[name])
    assert instance.pids == before | {name: instance.pids[name]}


def test_a_broker_that_was_killed_answers_again_at_the_same_address(instance: Instance) -> None:
    before, servers = instance.pids["kafka"], instance.description["kafka_bootstrap_servers"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: instance.pids["kafka"] != before)
    with AdminClient({"bootstrap.servers": servers, "log_level": 0}) as admin:
        assert "parley.ledger" in admin.list_topics(timeout=DEADLINE_SECONDS).topics


def test_nothing_outlives_a_supervisor_that_is_killed(instance: Instance, run_dir: Path) -> None:
    pids, accounts = instance.pids, instance.description["accounts"]
    instance.end(signal.SIGKILL)
    wait_for(lambda: not any(is_alive(pid) for pid in pids.values()))

    with Instance(run_dir, accounts=len(accounts) + 1) as again:
        assert again.description["accounts"][:-1] == accounts, "their secrets are kept"
        assert len(again.description["accounts"]) == len(accounts) + 1
        pids = again.pids
        assert down(again.directory)
        assert not any(is_alive(pid) for pid in pids.values())
        assert not again.directory.instance.exists()
        assert not again.directory.environment.exists()
        assert again.end(signal.SIGTERM) == 0
    assert not down(RunDirectory(run_dir)), "nothing runs any more"


def test_a_process_that_cannot_start_is_the_reason_why_nothing_starts(tmp_path: Path) -> None:
    with Instance(tmp_path, exit_status="78") as failed:
        assert failed.said[-1] == "failed second ended at start: exit status 78: PARLEY_COLOUR is not set"
        assert failed.end(signal.SIGTERM) == 1
        assert not failed.directory.instance.exists()


def test_over_topics_of_another_factor_nothing_is_written_and_nothing_starts(
    tmp_path: Path, kafka: KafkaConnection
) -> None:
    prefix = f"supervisor-{uuid4().hex}."
    with AdminClient(kafka.librdkafka()) as admin:
        Topics(admin, prefix).create()
    reaching = {**kafka.environment(), "PARLEY_TOPIC_PREFIX": prefix, FACTOR: str(partition_factor() * 3)}
    with Instance(tmp_path, environment=reaching) as failed:
        assert failed.said[-1].startswith(f"failed {prefix}")
        assert f"set {FACTOR}={partition_factor()}" in failed.said[-1]
        assert failed.end(signal.SIGTERM) == 1
    assert not read_settings(kafka, prefix).get("platform")
