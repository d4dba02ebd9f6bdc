"""A member of session-window under a keeper, as the recovery benchmark needs it."""

import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.admin.supervisor.rotating_log import RotatingLog
from services.admin.supervisor.service_process import ServiceProcess
from services.session_window.stage import SessionWindowStage
from tests.bench.broker import Broker
from tests.chaos.kept import Kept

PARTITIONS = SessionWindowStage.input.partitions
POLL_SECONDS = 0.02
WAIT_SECONDS_MAX = 300.0
STOP_SECONDS_MAX = 30.0


class Member:
    """One replica: its state, what it has said, and its process, kept running while it is to run."""

    def __init__(
        self,
        broker: Broker,
        directory: Path,
        ordinal: int,
        environment: Mapping[str, str],
        timeouts: Sequence[int] = (),
    ) -> None:
        """``timeouts``: see `recovering_stage`."""
        self.directory = directory / f"member-{ordinal}"
        self.directory.mkdir(exist_ok=True)
        self._output = self.directory / "output.log"
        self._log = RotatingLog(self._output)
        self._read_from = self._output.stat().st_size
        variables = {
            **environment,
            **broker.connection.environment(),
            "PARLEY_TOPIC_PREFIX": broker.prefix,
            "PARLEY_DATA_DIR": str(self.directory),
            "PARLEY_ORDINAL": str(ordinal),
            "PARLEY_HEALTH_PORT": "0",
            "PARLEY_LOG_LEVEL": "WARNING",
        }
        command = [sys.executable, "-m", "tests.bench.recovering_stage", *map(str, timeouts)]
        name = f"session-window-{ordinal}"
        self._kept = Kept(name, ServiceProcess(name, command, variables, Path.cwd(), self._log))
        self.started_at = time.monotonic()
        self._kept.start()

    def stop(self) -> None:
        """End it in good order."""
        self._kept.stop(STOP_SECONDS_MAX)
        self._log.close()

    def kill(self) -> None:
        """``kill -9``; it is started again at once."""
        self._kept.kill()

    def vanish(self) -> None:
        """Let it die with a transaction open, and never start it again."""
        self._kept.end_and_hold(signal.SIGUSR1)

    def restored_at(self, partitions: int = PARTITIONS) -> float:
        """When it had its state, once so many partitions have been restored. Raises ``TimeoutError``."""
        return self._times("RESTORED", partitions)[-1]

    def restore_seconds(self, partitions: int = PARTITIONS) -> float:
        """How long the restore took, from the first partition to the last."""
        until = self.restored_at(partitions)
        return until - self._times("ASSIGNED", 1)[0]

    def _times(self, point: str, count: int) -> list[float]:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while len(times := self._said(point)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._kept.name}: {point} {len(times)} times of {count}")
            time.sleep(POLL_SECONDS)
        return times

    def _said(self, point: str) -> list[float]:
        with self._output.open() as output:
            output.seek(self._read_from)
            return [float(line.split()[1]) for line in output if line.startswith(f"{point} ")]
