"""A stage's process as the test holds it."""

import os
import signal
from multiprocessing.context import ForkServerContext
from pathlib import Path

from services.runtime.points import Point
from tests.integration.hard_cases.rig import child
from tests.integration.waiting import DEADLINE_SECONDS


class Member:
    """A child process that runs a stage. It is real: it can be killed, frozen and thawed."""

    def __init__(self, context: ForkServerContext, task: child.Task, data_dir: Path) -> None:
        self.data_dir = data_dir
        """Where its local stores are."""
        self._output = task.output
        self._output.touch()
        self._channel, theirs = context.Pipe()
        self._process = context.Process(target=child.run, args=(task, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def stop_at(self, point: Point | None) -> None:
        """Have it stop when it next comes to ``point``; None: nowhere. Not while it is stopped."""
        self._channel.send(point)

    def wait_stopped(self) -> None:
        """Until it stands at the point; what it has read and written so far stays as it is."""
        try:
            assert self._channel.poll(DEADLINE_SECONDS), f"not there in time: {self.said}"
            self._channel.recv()
        except (EOFError, ConnectionResetError):
            raise AssertionError(f"ended with {self.wait()} before it was there: {self.said}") from None

    def go_on(self, then: Point | None = None) -> None:
        """Let it go on, and stop at ``then``."""
        self._channel.send(then)

    def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        self._process.kill()
        self.wait()

    def freeze(self) -> None:
        """SIGSTOP: none of its threads runs, and nobody is told."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM; it has to end with 0."""
        self._signal(signal.SIGTERM)
        assert self.wait() == 0, self.said

    def wait(self) -> int:
        """Its exit status, negative for a signal."""
        self._process.join(DEADLINE_SECONDS)
        status = self._process.exitcode
        assert status is not None, f"still running: {self.said}"
        return status

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    @property
    def said(self) -> str:
        """All it has said so far."""
        return self._output.read_text()

    @property
    def last_words(self) -> str:
        """The line that says why it has ended."""
        return self.said.splitlines()[-1]

    def discard(self) -> None:
        """End it whatever it does, and let go of it."""
        self._process.kill()
        self._process.join(DEADLINE_SECONDS)
        self._process.close()
        self._channel.close()

    def _signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)
