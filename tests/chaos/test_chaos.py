"""A minute of chaos: everything that can break breaks once, and nothing is lost, doubled or made up."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEED = 7
MINUTES = 0.75
SECONDS_MAX = 600
"""On a machine that is busy with something else."""


@pytest.mark.e2e
def test_what_clients_were_told_holds_after_every_fault() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--minutes", str(MINUTES), "--seed", str(SEED)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = re.fullmatch(r"(\d+) messages, (\d+) faults, 0 violations", done.stdout.splitlines()[-1])
    assert last, done.stdout
    messages, faults = map(int, last.groups())
    assert messages > 100, done.stdout
    assert faults > 10, done.stdout
