"""A process's log file, bounded: when it is full it becomes `<name>.1`, and the one before that is gone."""

import io
import threading
from pathlib import Path
from typing import BinaryIO

BYTES_MAX = 16 * 1024 * 1024
"""Size at which a log is turned over; a process keeps at most twice as much."""


class RotatingLog:
    """Appends lines. Any thread may write."""

    def __init__(self, file: Path, bytes_max: int = BYTES_MAX) -> None:
        self._file = file
        self._bytes_max = bytes_max
        self._mutex = threading.Lock()
        self._output: BinaryIO = file.open("ab", buffering=0)
        self._size = self._output.tell()

    def write(self, line: bytes) -> None:
        """Append one line, its end included."""
        with self._mutex:
            if self._size and self._size + len(line) > self._bytes_max:
                self._turn_over()
            self._output.write(line)
            self._size += len(line)

    def close(self) -> None:
        """Close the file; calling it twice is safe."""
        with self._mutex:
            self._output.close()

    def _turn_over(self) -> None:
        self._output.close()
        self._file.replace(self._file.with_name(f"{self._file.name}.1"))
        self._output = self._file.open("ab", buffering=0)
        self._size = 0


class LogStream(io.TextIOBase):
    """A rotating log in the place of `sys.stderr`."""

    def __init__(self, log: RotatingLog) -> None:
        super().__init__()
        self._log = log

    def write(self, text: str) -> int:
        """Append text, a whole line at a time by those who log."""
        self._log.write(text.encode(errors="backslashreplace"))
        return len(text)
