"""Run a command that the kernel kills as soon as whoever started it is gone, kill -9 included.

Started as a script of its own (`python launch.py PARENT_PID COMMAND...`) between fork and the
command's exec, so it needs nothing but the standard library and leaves no process in between: the
command keeps this process id. Linux only; elsewhere the command runs without the safeguard.

PR_SET_PDEATHSIG fires when the *thread* that forked ends, hence `OffspringProcess` in offspring.py,
which gives each command a thread that lives as long as it does.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Arm the signal, check that the parent did not die before it was armed, become the command."""
    parent_pid, *command = sys.argv[1:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != int(parent_pid):
        sys.exit("the process that asked for this command is gone")
    os.execv(command[0], command)  # noqa: S606 - the caller's command, on purpose without a shell


if __name__ == "__main__":
    main()
