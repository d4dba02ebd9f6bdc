"""Somebody who types `parley` commands, and what came of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.contracts.catalogue import FACTOR, partition_factor
from services.identity.platform_key import PlatformKey
from services.runtime.kafka_connection import KafkaConnection

PARLEY = str(Path(sys.executable).with_name("parley"))
KEY_TEXT = PlatformKey.generate()
KEY = PlatformKey.from_text(KEY_TEXT)
CUSTOMER = "16505551234"
PLAN = Path(__file__).parents[3] / "services/rate_and_bill/plans/launch-2018.toml"


class Answer:
    """What a command printed, and how it ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.out = done.stdout
        self.sentence = done.stderr.strip()

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its lines as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def object(self) -> dict[str, Any]:
        """Its one line as JSON."""
        (only,) = self.objects
        return only


class Operator:
    """Somebody at a terminal, with credentials for one platform on the test's broker."""

    def __init__(self, kafka: KafkaConnection, directory: Path) -> None:
        self.kafka = kafka
        self.prefix = f"command-{uuid4().hex}."
        self.directory = directory
        self.environment = {
            "PATH": os.environ["PATH"],
            FACTOR: str(partition_factor()),
            **kafka.environment(),
            "PARLEY_TOPIC_PREFIX": self.prefix,
            "PARLEY_PLATFORM_KEY": KEY_TEXT,
            "PARLEY_WEBHOOK_ALLOW_PRIVATE": "true",
        }

    def parley(self, *words: str, as_json: bool = True) -> Answer:
        """Run a command to its end."""
        command = [PARLEY, *words, *(["--json"] if as_json else [])]
        return Answer(
            subprocess.run(
                command,
                env=self.environment,
                cwd=self.directory,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        )
