"""An instance for the demo alone: it starts on free ports in a directory of its own, and leaves nothing."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

SUPERVISOR = [sys.executable, "-m", "services.admin.supervisor"]
PARLEY = str(Path(sys.executable).with_name("parley"))


class CommandFailed(Exception):
    """A command exited non-zero; the text is what it wrote to stderr."""


@dataclass(frozen=True)
class Instance:
    """A running instance, as its ``.run/parley.json`` describes it."""

    directory: Path
    ingress_url: str
    handset_url: str
    accounts: list[dict[str, Any]]


@asynccontextmanager
async def running(console: Console, *options: str) -> AsyncIterator[Instance]:
    """Start an instance, and stop it at the end; ``options`` are the supervisor's.

    Raises :class:`CommandFailed`.
    """
    with TemporaryDirectory(prefix="parley-demo-") as directory:
        run_dir = Path(directory) / ".run"
        with console.status("starting Kafka and seven services"):
            await _run([*SUPERVISOR, "up", "--run-dir", str(run_dir), *options])
        try:
            description = json.loads((run_dir / "parley.json").read_text())
            _print_processes(console, description)
            yield Instance(
                Path(directory),
                description["ingress_url"],
                description["handset_url"],
                description["accounts"],
            )
        finally:
            with console.status("stopping"):
                await _run([*SUPERVISOR, "down", "--run-dir", str(run_dir)])


async def parley(instance: Instance, *arguments: str, show: Console | None = None) -> None:
    """Run a ``parley`` command; ``show`` prints what it says. Raises :class:`CommandFailed`."""
    output = await _run([PARLEY, *arguments], instance.directory)
    if show is not None:
        show.print(output.decode(), highlight=False, markup=False, end="")


async def parley_json(instance: Instance, *arguments: str) -> list[dict[str, Any]]:
    """The objects that a ``parley`` command prints, one a line. Raises :class:`CommandFailed`."""
    output = await _run([PARLEY, *arguments, "--json"], instance.directory)
    return [json.loads(line) for line in output.splitlines()]


def _print_processes(console: Console, description: dict[str, Any]) -> None:
    names = ", ".join(description["pids"])
    console.print(f"running: {names}", highlight=False)
    console.print(f"  Cloud API  {description['ingress_url']}", highlight=False)
    console.print(f"  handsets   {description['handset_url']}", highlight=False)
    console.print(f"  Kafka      {description['kafka_bootstrap_servers']}", highlight=False)


async def _run(command: list[str], directory: Path | None = None) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "120"},
    )
    output, complaint = await process.communicate()
    if process.returncode:
        raise CommandFailed(f"{' '.join(command[-4:])}: {(complaint or output).decode().strip()}")
    return output
