"""Fixed seeds, and some that nobody has seen yet: whatever fails says how to see it again."""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import SystemRandom

import pytest

from tests.simulation.run import run
from tests.simulation.simulation import CONVERSATIONS_MIN, FAULTS_MIN, MESSAGES_MIN
from tests.simulation.told import told

FIXED_SEEDS = range(1, 61)
NEW_SECONDS = 8.0
NEW_SEEDS_MAX = 200
SEEDS = 1 << 31


@pytest.mark.parametrize("seed", FIXED_SEEDS)
def test_everything_holds_after_a_run(seed: int) -> None:
    outcome = run(seed)
    assert not outcome.violations, told(outcome)
    simulation = outcome.simulation
    assert simulation.messages >= MESSAGES_MIN
    assert len(simulation.businesses.conversations) >= CONVERSATIONS_MIN
    assert simulation.faults.total() >= FAULTS_MIN


def test_everything_holds_after_runs_of_new_seeds() -> None:
    deadline = time.monotonic() + NEW_SECONDS
    for _ in range(NEW_SEEDS_MAX):
        outcome = run(SystemRandom().randrange(SEEDS))
        assert not outcome.violations, told(outcome)
        if time.monotonic() > deadline:
            break


def test_a_seed_does_the_same_each_time_in_each_process() -> None:
    command = [sys.executable, "-c", _TRACE_OF_SEED_7]
    root = Path(__file__).parents[2]
    modules = f"{root}:{root}/services/contracts"
    traces = {
        subprocess.run(
            command,
            capture_output=True,
            check=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": modules},
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(traces) == 1
    (trace,) = traces
    assert b"starts" in trace


_TRACE_OF_SEED_7 = """
import logging, structlog
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
from tests.simulation.simulation import Simulation
simulation = Simulation(7)
simulation.run()
print("\\n".join(simulation.world.trace.lines()))
"""
