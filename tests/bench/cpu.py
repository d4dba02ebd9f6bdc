"""CPU seconds of processes, from the kernel's own accounting."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

K = TypeVar("K")


def cpu_seconds(pids: Mapping[K, int]) -> dict[K, float]:
    """User and system seconds that each process has used so far."""
    tick = os.sysconf("SC_CLK_TCK")
    used = {}
    for name, pid in pids.items():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used[name] = (int(fields[11]) + int(fields[12])) / tick
    return used
