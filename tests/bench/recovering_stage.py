"""session-window as a process that tells when it restores, and dies with a transaction open when asked to.

Arguments: session and transaction time-out in milliseconds; none for those of the product. On SIGUSR1 it
kills itself at the next moment at which a batch is written and not committed.
"""

import os
import signal
import sys
import time
from types import FrameType

from services.runtime import kafka_settings
from services.runtime.points import Point
from services.runtime.stage_process import run_stage
from services.session_window.stage import SessionWindowStage

_dies_next = False


def observe(point: Point) -> None:
    """Print when a partition is assigned and when its state is there."""
    if point in (Point.ASSIGNED, Point.RESTORED):
        print(f"{point.name} {time.monotonic()}", flush=True)  # noqa: T201
    elif point is Point.OFFSETS_SENT and _dies_next:
        os.kill(os.getpid(), signal.SIGKILL)


def _die_next(_: int, __: FrameType | None) -> None:
    global _dies_next  # noqa: PLW0603 - a signal has nobody else to tell
    _dies_next = True


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _die_next)
    if sys.argv[1:]:
        # The benchmark alone compares with the defaults of Kafka: the product offers no choice.
        kafka_settings.SESSION_MS, kafka_settings.TRANSACTION_MS = map(int, sys.argv[1:])
    run_stage(SessionWindowStage, observe)
