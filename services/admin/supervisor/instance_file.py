"""`.run/parley.json`: what other programs read about the running instance."""

import threading
from pathlib import Path
from typing import Any

from services.admin.supervisor.run_directory import write_private_json


class InstanceFile:
    """Holds the description and replaces the file by rename with each change. Any thread may call it."""

    def __init__(self, file: Path) -> None:
        """Nothing is written before `publish`."""
        self._file = file
        self._mutex = threading.Lock()
        self._pids: dict[str, int] = {}
        self._description: dict[str, Any] | None = None

    def publish(self, description: dict[str, Any]) -> None:
        """Write the file for the first time: everything is ready."""
        with self._mutex:
            self._description = description
            self._write()

    def started(self, name: str, pid: int) -> None:
        """A process was started (again): the file names its new id from now on."""
        with self._mutex:
            self._pids[name] = pid
            self._write()

    def accounts(self, listed: list[dict[str, Any]]) -> None:
        """The accounts are these from now on."""
        with self._mutex:
            if self._description is not None and self._description["accounts"] != listed:
                self._description = self._description | {"accounts": listed}
                self._write()

    def remove(self) -> None:
        """The instance ends; nothing is written any more."""
        with self._mutex:
            self._description = None
            self._file.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._description is not None:
            write_private_json(self._file, self._description | {"pids": self._pids})
