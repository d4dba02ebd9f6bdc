"""A directory with a whole instance of its own, as `make up` starts one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

PARLEY = str(Path(sys.executable).with_name("parley"))
DEADLINE_SECONDS = 60.0


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

    def parley(self, *words: str) -> list[dict[str, Any]]:
        """What the installed command answers; fails when it refuses."""
        done = self.run(PARLEY, *words, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ledger(self, *words: str) -> list[dict[str, Any]]:
        return self.parley("ledger", "tail", *words)

    def trace(self, message_id: str) -> list[dict[str, Any]]:
        """Every record that names a message."""
        printed = self.run(PARLEY, "trace", message_id, "--json").stdout
        return [json.loads(line) for line in printed.splitlines()]

    def kinds(self, message_id: str) -> list[str]:
        return [step["kind"] for step in self.trace(message_id)]

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
