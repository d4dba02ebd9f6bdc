"""`make down`: stops what `make up` started."""

import os
import signal
import time
from contextlib import suppress

from services.admin.supervisor.run_directory import RunDirectory

STOP_SECONDS_MAX = 45.0
POLL_SECONDS = 0.05


def down(directory: RunDirectory) -> bool:
    """Stop the running instance and wait until it is gone; False when none ran. Its data stays."""
    pid = directory.supervisor_pid()
    if pid is not None and not _ends(directory, pid, signal.SIGTERM):
        # Its end takes all of its children along.
        _ends(directory, pid, signal.SIGKILL)
    for left in (directory.instance, directory.environment):
        left.unlink(missing_ok=True)
    return pid is not None


def _ends(directory: RunDirectory, pid: int, number: signal.Signals) -> bool:
    """Send the supervisor a signal; whether it was gone in time."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while directory.supervisor_pid() == pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
