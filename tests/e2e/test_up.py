"""`make up` and `make down`: what a person does with them, and what every process survives."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
PARLEY = str(Path(sys.executable).with_name("parley"))
DEADLINE_SECONDS = 60.0
RESTART_SECONDS_MAX = 2.0
PROCESSES = {
    "kafka",
    "ingress",
    "consent",
    "session-window",
    "rate-and-bill",
    "delivery",
    "channel-handset",
    "webhooks",
}


class Place:
    """A directory with an instance of its own, on the embedded broker."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")
        }

    def supervisor(self, *words: str) -> subprocess.CompletedProcess[str]:
        run_dir = str(self.directory / ".run")
        return self.run(sys.executable, "-m", "services.admin.supervisor", *words, "--run-dir", run_dir)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    @property
    def description(self) -> dict[str, Any]:
        description: dict[str, Any] = json.loads((self.directory / ".run/parley.json").read_text())
        return description

    def ledger(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(PARLEY, "ledger", "tail", "--json").stdout.splitlines()]

    def all_ready(self) -> bool:
        return all(is_ready(url) for url in self.description["metrics_urls"].values())


def is_ready(metrics_url: str) -> bool:
    try:
        answer = httpx.get(metrics_url.replace("/metrics", "/readyz"), trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == HTTPStatus.OK


def wait_for(holds: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("up"))


@pytest.fixture(scope="module")
def said(place: Place) -> Iterator[str]:
    up = place.supervisor("up", "--accounts", "2", "--number-rate", "1000", "--pair-burst", "1000")
    assert up.returncode == 0, up.stderr
    yield up.stdout
    place.supervisor("down")


def curl_of(said: str) -> str:
    """The curl line that `make up` prints."""
    match = re.search(r"^  (curl .*?)\n\n?(?=\S|$)", said, re.MULTILINE | re.DOTALL)
    assert match, said
    return match[1]


def test_everything_runs_and_is_described(place: Place, said: str) -> None:
    description = place.description
    assert set(description["pids"]) == PROCESSES
    assert set(description["metrics_urls"]) == PROCESSES - {"kafka"}
    assert len(description["accounts"]) == 2
    assert description["limits"]["pair_burst"] == 1000
    assert place.all_ready()
    assert description["accounts"][0]["access_token"] in said


def test_what_is_printed_can_be_tried(place: Place, said: str) -> None:
    account = place.description["accounts"][0]["account_id"]
    number = re.search(r'"to": "(\d+)"', said)
    assert number
    assert place.run(PARLEY, "consent", "opt-in", account, number[1]).returncode == 0
    answer = json.loads(place.run("sh", "-c", curl_of(said)).stdout)
    message_id = answer["messages"][0]["id"]
    wait_for(lambda: [each["message_id"] for each in place.ledger()] == [message_id])
    assert place.ledger()[0]["kind"] == "authorized"
    shown = place.run(PARLEY, "window", "show", account, number[1], "--json").stdout
    assert json.loads(shown)["state"] == "closed"


def test_a_second_one_is_told_of_the_first(place: Place, said: str) -> None:
    again = place.supervisor("up")
    assert again.returncode == 1
    assert "is running already" in again.stderr
    assert place.all_ready()


def test_every_process_survives_being_killed(place: Place, said: str) -> None:
    before = place.description["pids"]
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_for(
        lambda: all(place.description["pids"][name] != before[name] for name in before), RESTART_SECONDS_MAX
    )
    wait_for(place.all_ready)

    entries = len(place.ledger())
    assert json.loads(place.run("sh", "-c", curl_of(said)).stdout)["messages"]
    wait_for(lambda: len(place.ledger()) == entries + 1)


def test_down_ends_everything_and_keeps_the_data(place: Place, said: str) -> None:
    pids = place.description["pids"].values()
    assert place.supervisor("down").stdout == "Parley has stopped.\n"
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not (place.directory / ".run/parley.json").exists()
    assert place.supervisor("down").stdout == "Parley was not running.\n"
    assert (place.directory / ".run/data/platform-key").exists()
