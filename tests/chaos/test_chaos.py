"""Two minutes of chaos: every kind of fault lands, and nothing is lost, doubled or made up."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.schedule import SHORT_SECONDS, Kind

ROOT = Path(__file__).parents[2]
SEED = 7
SECONDS_MAX = 600
"""On a machine that is busy with something else."""
MESSAGES_MIN = 3_000
BACKLOG_MIN = 100
"""Records that some stage was behind: there was something to recover from."""


@pytest.mark.e2e
def test_what_clients_were_told_holds_after_every_fault() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--minutes", str(SHORT_SECONDS / 60), "--seed", str(SEED)],
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
    assert messages > MESSAGES_MIN, done.stdout
    assert faults >= len(Kind), done.stdout
    landed = {
        kind
        for kind in Kind
        if re.search(rf"^ +[1-9]\d*  {re.escape(kind.value)}$", done.stdout, re.MULTILINE)
    }
    assert landed == set(Kind), done.stdout
    backlog = re.search(r"at most behind, in records: [a-z-]+ (\d+)", done.stdout)
    assert backlog, done.stdout
    assert int(backlog[1]) > BACKLOG_MIN, done.stdout
