"""Access tokens as they were shown, kept beside the data of an instance on this machine.

Settings hold only their hashes, and `.run/parley.json` must list a token that works.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from services.admin.supervisor.run_directory import PRIVATE, write_private_json


class KeptToken(NamedTuple):
    """A token of an account, good or revoked since."""

    account_id: str
    access_token: str
    phone_number_id: str = ""
    """The number that the account was made with; empty for a further token."""


class KeptTokens:
    """The file, in the order in which tokens were made. Any number of processes may change it."""

    def __init__(self, file: Path) -> None:
        """``file`` need not be there."""
        self._file = file

    def read(self) -> list[KeptToken]:
        """All tokens."""
        try:
            kept = json.loads(self._file.read_text())
        except FileNotFoundError:
            return []
        return [
            KeptToken(each["account_id"], each["access_token"], each.get("phone_number_id", ""))
            for each in kept
        ]

    def keep(self, token: KeptToken) -> None:
        """Add one. Do so before its hash is written: a token of which only the hash is left is of no use."""
        with self.changing() as kept:
            kept.append(token)

    @contextmanager
    def changing(self) -> Iterator[list[KeptToken]]:
        """The tokens, to be changed in place and written by rename at the end; others wait meanwhile."""
        lock = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self.read()
            yield kept
            write_private_json(self._file, [token._asdict() for token in kept])
        finally:
            os.close(lock)
