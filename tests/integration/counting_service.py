"""The counting stage as a process. ``STRIKE=COMMITTED:2`` kills it with -9 when it is there a second time."""

import os
import signal
from collections import Counter

from services.runtime.points import Point
from services.runtime.stage_process import run_stage
from tests.unit.runtime.counting_stage import CountingStage

SEEN: Counter[str] = Counter()


def strike(point: Point) -> None:
    """Die at the point and time that the environment names."""
    SEEN[point.name] += 1
    name, _, times = os.environ.get("STRIKE", "").partition(":")
    if name == point.name and SEEN[name] == int(times):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    run_stage(CountingStage, strike)
