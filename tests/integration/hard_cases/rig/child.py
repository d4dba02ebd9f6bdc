"""What runs in a child: the product's own stage process, with what the test passes in."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_log import KafkaLog
from services.runtime.stage import Stage
from services.runtime.stage_process import MakeLog, run_stage
from tests.integration.hard_cases.rig.strikes import Strikes

PR_SET_PDEATHSIG = 1


class Task(NamedTuple):
    """Which stage to run, and how."""

    stage: Callable[[], Stage]
    environment: Mapping[str, str]
    output: Path
    """File for what the process says on stderr."""
    clock_ahead_ms: int = 0
    """How far the process's clock is ahead of this machine's."""
    make_log: MakeLog = KafkaLog


def run(task: Task, channel: Connection) -> None:
    """Run the stage until it ends; never returns normally but for SIGTERM."""
    if sys.platform == "linux":
        # The parent is the server that forks, which ends with the test run.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    with task.output.open("ab", buffering=0) as output:
        os.dup2(output.fileno(), sys.stderr.fileno())
    os.environ.update(task.environment)
    run_stage(
        task.stage,
        Strikes(channel),
        clock=lambda: wall_clock_ms() + task.clock_ahead_ms,
        make_log=task.make_log,
    )
