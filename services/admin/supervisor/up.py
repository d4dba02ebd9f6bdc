"""`make up`: starts the supervisor, waits until everything is ready, and says how to try it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from services.admin.errors import Refused
from services.admin.supervisor.run_directory import RunDirectory

CUSTOMER = "16505551234"

Say = Callable[[str], None]


def up(directory: RunDirectory, arguments: Sequence[str], say: Say) -> None:
    """Start a supervisor in the background with ``serve``'s ``arguments``; returns when all are ready.

    Raises :class:`Refused` when one runs already, or with the sentence why it did not come up.
    """
    directory.make()
    if (pid := directory.supervisor_pid()) is not None:
        raise Refused(
            f"Parley is running already, process {pid}: {directory.instance} describes it, "
            "`make down` stops it."
        )
    reader, writer = os.pipe()
    command = [
        sys.executable,
        "-m",
        "services.admin.supervisor",
        "serve",
        "--report-fd",
        str(writer),
        *arguments,
    ]
    output = directory.logs / "supervisor.out"
    with output.open("wb") as out:
        supervisor = subprocess.Popen(  # noqa: S603 - ourselves
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=(writer,),
            start_new_session=True,
        )
    os.close(writer)
    try:
        _follow(reader, output, say)
    except BaseException:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise


def _follow(reader: int, output: Path, say: Say) -> None:
    """Say what the supervisor reports until it is ready. Raises :class:`Refused` when it ends before."""
    with os.fdopen(reader) as report:
        for line in report:
            what, _, text = line.rstrip("\n").partition(" ")
            if what == "ready":
                return
            if what == "failed":
                raise Refused(text)
            say(text)
    raise Refused(f"The supervisor ended before everything was ready: see {output}.")


def how_to_try(directory: RunDirectory) -> str:
    """What `make up` prints at its end."""
    description: dict[str, Any] = json.loads(directory.instance.read_text())
    account = description["accounts"][0]
    url = f"{description['ingress_url']}/v23.0/{account['phone_number_id']}/messages"
    message = {"messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "Hello"}}
    return f"""Parley is running; {directory.instance} describes it, `make down` stops it.

  Cloud API  {description["ingress_url"]}
  handsets   {description["handset_url"]}
  Kafka      {description["kafka_bootstrap_servers"]}
  account    {account["account_id"]}, number {account["display_phone_number"]}
  token      {account["access_token"]}

A business may write only to those who agreed, so record that first, then write:

  .venv/bin/parley consent opt-in {account["account_id"]} {CUSTOMER} --method "web form" --evidence "form 42"
  curl -sS {url} \\
    -H "Authorization: Bearer {account["access_token"]}" -H "Content-Type: application/json" \\
    -d '{json.dumps(message)}'
"""
