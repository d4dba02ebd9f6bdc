"""A service as a child process whose output is its log, and which never outlives the supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from deploy.kafka import launch
from services.admin.supervisor.rotating_log import RotatingLog
from services.admin.supervisor.unit import Ended

LINE_BYTES_MAX = 64 * 1024
"""A longer line is cut into several."""
BY_SIGNALS = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT})


class ServiceProcess:
    """Runs a command whose standard output and error go, line by line, to a log.

    The kernel kills the command when the thread that calls `run` is gone, and so when this process is,
    kill -9 included (Linux).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        log: RotatingLog,
    ) -> None:
        """``directory`` is the command's working directory."""
        self.name = name
        self._command = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *command]
        self._environment = dict(environment)
        self._directory = directory
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, started: Callable[[int], None]) -> Ended:
        """See `Unit`."""
        try:
            process = subprocess.Popen(  # noqa: S603 - the process table's own commands
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._directory,
                start_new_session=True,
            )
        except OSError as error:
            return Ended(f"cannot be started: {error.strerror}", by_signal=False)
        self._process = process
        started(process.pid)
        with process.stdout as output:  # type: ignore[union-attr]  # a pipe, as asked for
            last_line = self._copy(output)
        status = process.wait()
        said = f": {last_line}" if last_line and status else ""
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}{said}"
        return Ended(how, by_signal=status in BY_SIGNALS)

    def stop(self) -> None:
        """See `Unit`."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """See `Unit`."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)  # does nothing once the process has been waited for

    def _copy(self, output: IO[bytes]) -> str:
        """Copy lines until the process closes its end; returns the last one."""
        last = b""
        while line := output.readline(LINE_BYTES_MAX):
            last = line
            self._log.write(line)
        return last.decode(errors="replace").strip()
