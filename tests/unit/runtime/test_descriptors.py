"""Connections that a process may hold open, in a process of its own, since the limit is the process's."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import resource, sys
from services.runtime.descriptors import room_for
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(room_for(wanted), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "room", "soft_after"),
    [
        (1024, 1024, 100, 100, 1024),
        (512, 1024, 768, 768, 1024),
        (512, 1024, 4096, 768, 1024),
        (200, 200, 4096, 1, 200),
        (768, 1024, 512, 512, 768),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_it_goes(
    soft: int, hard: int, wanted: int, room: int, soft_after: int
) -> None:
    printed = subprocess.check_output(
        [sys.executable, "-c", PROGRAM, str(soft), str(hard), str(wanted)], text=True, cwd=ROOT
    )
    assert printed.split() == [str(room), str(soft_after)]
