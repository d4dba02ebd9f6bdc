"""``make chaos MINUTES=10``: run it, print what was done and found; exit 1 on a violation."""

import argparse
import asyncio
import secrets
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp

import structlog

from tests.chaos.chaos import Outcome, run_chaos

PER_SECOND = 100.0
"""Of businesses' messages; customers write a third as many."""


def main() -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="of load and faults")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of the schedule")
    parser.add_argument("--rate", type=float, default=PER_SECOND, help="messages a second in all")
    asked = parser.parse_args()
    directory = Path(mkdtemp(prefix="parley-chaos-"))
    structlog.configure(logger_factory=structlog.WriteLoggerFactory((directory / "keepers.log").open("a")))
    outcome = asyncio.run(run_chaos(directory, asked.seed, asked.minutes * 60, asked.rate, say))
    describe(outcome)
    if outcome.violations:
        say(f"what the services said is in {directory}")
    else:
        shutil.rmtree(directory)
    say(outcome.summary)
    return 1 if outcome.violations else 0


def describe(outcome: Outcome) -> None:
    """Print faults by kind, what clients were told, and each violation."""
    for kind, times in outcome.injected.most_common():
        say(f"{times:6}  {kind.value}")
    for miss in outcome.missed:
        say(f"without effect: {miss}")
    backlog = ", ".join(f"{group} {records}" for group, records in outcome.backlog.most_common())
    say(f"at most behind, in records: {backlog}")
    told, recorded = outcome.told, outcome.recorded
    answers = ", ".join(f"{answer} {times}" for answer, times in sorted(told.answers.items()))
    say(f"answers to businesses: {answers}")
    unknown = [
        asked for asked in told.asked.values() if not asked.accepted and (asked.silent or asked.possible)
    ]
    say(f"{len(told.asked)} messages asked for, of {len(unknown)} of them it is not known whether they exist")
    ended = {
        end: sum(recorded.ends(each) == [end] for each in recorded.sent)
        for end in ("delivered", "failed", "expired")
    }
    say(", ".join(f"{end} {times}" for end, times in ended.items()))
    codes = ", ".join(f"{code} {times}" for code, times in sorted(recorded.refused.items()))
    say(f"failed with: {codes}")
    again = sum(told.webhooks.values()) - len(told.webhooks)
    say(
        f"{len(told.webhooks)} webhooks, {again} of them again; {len(recorded.written)} messages of customers"
    )
    for deed, times in sorted(told.deeds.items()):
        say(f"{times:6}  customers: {deed}")
    for violation in outcome.violations:
        say(f"VIOLATION  {violation}")


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
