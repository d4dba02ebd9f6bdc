"""A supervisor's process with a table of tiny services: run directory, accounts, exit status of one or ''."""

import sys
from pathlib import Path

from services.admin.supervisor.addresses import Addresses
from services.admin.supervisor.options import Options
from services.admin.supervisor.process_table import ProcessSpec, ProcessTable
from services.admin.supervisor.run_directory import RunDirectory
from services.admin.supervisor.serve import CannotStart, serve

SERVICE = str(Path(__file__).with_name("tiny_service.py"))


def main() -> None:
    run_dir, accounts, exit_status = sys.argv[1:]

    def table(addresses: Addresses, _: Options) -> ProcessTable:
        specs = []
        for name in ("first", "second"):
            port = addresses.port(9301)
            environment = {"PARLEY_NAME": name, "PARLEY_HEALTH_PORT": str(port)}
            if name == "second" and exit_status:
                environment["PARLEY_EXIT"] = exit_status
            specs.append(ProcessSpec(name, [sys.executable, SERVICE], port, environment))
        return ProcessTable(specs, "http://127.0.0.1:1", "ws://127.0.0.1:2/handset")

    directory = RunDirectory(Path(run_dir))
    directory.make()
    directory.lock()
    try:
        serve(
            directory,
            Path(run_dir),
            Options(accounts=int(accounts)),
            say,
            table,
        )
    except CannotStart as reason:
        say(f"failed {reason}")
        sys.exit(1)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
