"""`python -m services.admin.supervisor`: up, down, and the supervisor's own process."""

import os
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer

from services.admin.errors import Refused
from services.admin.supervisor.down import down as stop
from services.admin.supervisor.options import ACCOUNTS_MAX, Options
from services.admin.supervisor.rotating_log import LogStream, RotatingLog
from services.admin.supervisor.run_directory import RunDirectory
from services.admin.supervisor.serve import CannotStart
from services.admin.supervisor.serve import serve as keep_running
from services.admin.supervisor.up import how_to_try
from services.admin.supervisor.up import up as start
from services.runtime.logs import configure_logs

ROOT = Path(__file__).parents[3]
RATE_MAX = 100_000

app = typer.Typer(help="A whole instance on this machine.", no_args_is_help=True, add_completion=False)

RunDir = Annotated[Path, typer.Option("--run-dir", help="Where the instance keeps its files.")]
Accounts = Annotated[int, typer.Option(min=1, max=ACCOUNTS_MAX, help="Businesses to have.")]
NumberRate = Annotated[int, typer.Option(min=1, max=RATE_MAX, help="Messages a second for each number.")]
PairBurst = Annotated[int, typer.Option(min=1, max=RATE_MAX, help="Messages at once to one customer.")]
DEFAULTS = Options()


@app.command()
def up(
    run_dir: RunDir = ROOT / ".run",
    accounts: Accounts = DEFAULTS.accounts,
    number_rate: NumberRate = DEFAULTS.number_rate,
    pair_burst: PairBurst = DEFAULTS.pair_burst,
) -> None:
    """Start everything, and return when it is ready."""
    directory = RunDirectory(run_dir.resolve())
    arguments = ["--run-dir", str(directory.root), "--accounts", str(accounts)]
    arguments += ["--number-rate", str(number_rate), "--pair-burst", str(pair_burst)]
    start(directory, arguments, lambda text: print(text, file=sys.stderr))
    print(how_to_try(directory))


@app.command()
def down(run_dir: RunDir = ROOT / ".run") -> None:
    """Stop everything; the data stays."""
    was_running = stop(RunDirectory(run_dir.resolve()))
    print("Parley has stopped." if was_running else "Parley was not running.")


@app.command(hidden=True)
def serve(
    report_fd: Annotated[int, typer.Option(help="Where to report on the start.")],
    run_dir: RunDir = ROOT / ".run",
    accounts: Accounts = DEFAULTS.accounts,
    number_rate: NumberRate = DEFAULTS.number_rate,
    pair_burst: PairBurst = DEFAULTS.pair_burst,
) -> None:
    """Be the supervisor: what `up` starts."""
    directory = RunDirectory(run_dir)
    options = Options(accounts=accounts, number_rate=number_rate, pair_burst=pair_burst)
    with os.fdopen(report_fd, "w", buffering=1) as report:
        if not directory.lock():
            print("failed Another `make up` is at work.", file=report)
            raise SystemExit(1)
        for stale in (directory.instance, directory.environment):
            stale.unlink(missing_ok=True)
        _log_to(directory)
        try:
            keep_running(directory, ROOT, options, lambda line: _tell(report, line))
        except CannotStart as reason:
            print("failed", " ".join(str(reason).split()), file=report)
            raise SystemExit(1) from None


def _tell(report: TextIO, line: str) -> None:
    if line == "ready":
        print("ready", file=report)
        report.close()
    else:
        print("progress", line, file=report)


def _log_to(directory: RunDirectory) -> None:
    """Write log lines to a bounded file, whatever `up` does with our standard error."""
    sys.stderr = LogStream(RotatingLog(directory.logs / "supervisor.log"))
    configure_logs("supervisor")


def main() -> None:
    """A refusal is one sentence on stderr and exit code 1."""
    try:
        app()
    except Refused as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
