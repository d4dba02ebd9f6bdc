"""``make sim``: many seeds, one after the other; of one that fails, what happened and how to see it again."""

import argparse
import logging
import sys
import time
from collections import Counter

import structlog

from tests.simulation.run import Outcome, run
from tests.simulation.told import told


def main() -> int:
    """Exit status 1 when a run fails."""
    arguments = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    tally = Tally()
    began = time.perf_counter()
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        outcome = run(seed)
        tally.add(outcome)
        if outcome.violations:
            print(told(outcome), flush=True)
    seconds = time.perf_counter() - began
    print(tally)
    print(f"{tally.runs} runs, {tally.failed} failed, {60 * tally.runs / seconds:,.0f} seeds/min")
    return 1 if tally.failed else 0


class Tally:
    """Sums over runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.failed = 0
        self._messages = 0
        self._conversations = 0
        self._records = 0
        self._faults: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count a run."""
        simulation = outcome.simulation
        self.runs += 1
        self.failed += bool(outcome.violations)
        self._messages += simulation.messages
        self._conversations += len(simulation.businesses.conversations)
        self._records += simulation.world.cluster.appended
        self._faults += simulation.faults

    def __str__(self) -> str:
        if not self.runs:
            return "nothing was run"
        faults = ", ".join(f"{kind} {count / self.runs:.2f}" for kind, count in self._faults.most_common())
        return (
            f"a run has on average {self._messages / self.runs:.1f} messages, "
            f"{self._conversations / self.runs:.1f} conversations, {self._records / self.runs:.0f} records "
            f"and {self._faults.total() / self.runs:.1f} faults: {faults}"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=1_000, help="how many seeds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
