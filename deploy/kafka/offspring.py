"""A child process that never outlives this one."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")


class OffspringProcess:
    """A command that the kernel kills when this process ends, however it ends.

    The kernel ties that promise to the thread that forks, so the command is forked from a thread
    that does nothing but wait for it: it may be started from any thread, and outlive that thread.
    The command has a session of its own, so Ctrl-C in a terminal reaches the parent alone, which
    can then end things in the right order.
    """

    def __init__(self, command: Sequence[str], *, output: Path, environment: Mapping[str, str]) -> None:
        """Start `command` (its first word a path); stdout and stderr replace the file `output`.

        Raises OSError when it cannot be started.
        """
        self._command = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]
        self._output = output
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes]
        self._failure: OSError | None = None
        self._forked = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._parent, name=f"parent-of-{output.parent.name}", daemon=True).start()
        self._forked.wait()
        if self._failure is not None:
            raise self._failure

    def _parent(self) -> None:
        try:
            with self._output.open("wb") as output:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    start_new_session=True,
                )
        except OSError as error:
            self._failure = error
            return
        finally:
            self._forked.set()
        self._process.wait()
        self._ended.set()

    @property
    def pid(self) -> int:
        """The command's process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """As subprocess has it (minus the signal if killed); None while the command runs."""
        return self._process.returncode

    def is_alive(self) -> bool:
        """Whether the command still runs (stopped by SIGSTOP counts as running)."""
        return not self._ended.is_set()

    def wait(self, timeout_seconds: float) -> bool:
        """Block until the command has ended; False if it has not within the time."""
        return self._ended.wait(timeout_seconds)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; does nothing when the command has ended."""
        if self.is_alive():
            self._process.send_signal(number)
