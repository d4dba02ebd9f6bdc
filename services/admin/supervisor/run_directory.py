"""The files of a running instance, under `.run` at the repository's root."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

PRIVATE = 0o600
"""Mode of files with secrets: only their owner reads them."""


class RunDirectory:
    """Paths, and the lock by which one supervisor knows of another."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.instance = root / "parley.json"
        """What other programs read about the running instance; absent while none runs."""
        self.environment = root / "environment.json"
        """Variables by which the `parley` command reaches the running instance; holds the platform key."""
        self.data = root / "data"
        self.kafka = self.data / "kafka"
        self.state = self.data / "state"
        self.platform_key = self.data / "platform-key"
        self.accounts = self.data / "accounts.json"
        """Access tokens of the accounts made here; settings hold only their hashes."""
        self.logs = root / "logs"
        self._lock = root / "supervisor.lock"
        self._held: int | None = None

    def make(self) -> None:
        """Create the directories."""
        for directory in (self.root, self.data, self.state, self.logs):
            directory.mkdir(parents=True, exist_ok=True)

    def lock(self) -> bool:
        """Become the one supervisor of this directory, until this process ends; False when there is one."""
        held = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return False
        os.truncate(held, 0)
        os.write(held, str(os.getpid()).encode())
        self._held = held
        return True

    def supervisor_pid(self) -> int | None:
        """Process id of the supervisor that holds the lock; None when nobody does."""
        try:
            probe = os.open(self._lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(probe, 32)
            return int(text) if text else None
        else:
            return None
        finally:
            os.close(probe)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, by rename: a reader sees the old one or the new one."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(opened, "w") as output:
        output.write(text)
    fresh.replace(file)


def write_private_json(file: Path, value: Any) -> None:
    """The same, as JSON."""
    write_private(file, json.dumps(value, indent=2) + "\n")
