"""What `parley verify` says of a platform at rest, and what of it may not be."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PARLEY = str(Path(sys.executable).with_name("parley"))
INVARIANTS = range(1, 8)

Line = Mapping[str, Any]


def verify(environment: Mapping[str, str]) -> list[str]:
    """What does not hold, or could not be judged, in one sentence each; ``environment`` says where."""
    done = subprocess.run(
        [PARLEY, "verify", "--drained", "--json"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines or "violations" not in lines[-1]:
        return [f"parley verify ended with {done.returncode}: {done.stderr.strip()}"]
    return list(judge(lines))


def judge(lines: Sequence[Line]) -> Iterator[str]:
    """Its lines, of which the last one sums up.

    All has ended, retention has deleted nothing, and every stage can be replayed from its beginning: so
    nothing may be open, under way, unchecked or not checked at all.
    """
    for line in lines:
        if "sentence" in line:
            where = f"{line['topic']}/{line['partition']} offset {line['offset']}"
            yield f"{where}: {line['subject']}: {line['sentence']}"
    checked = {line["invariant"]: line for line in lines if "checked" in line}
    for number in INVARIANTS:
        if number not in checked or not checked[number]["checked"]:
            yield f"invariant {number}: nothing was checked"
        elif unchecked := checked[number]["unchecked"]:
            yield f"invariant {number}: {unchecked} could not be checked"
    for what in ("open", "under_way"):
        if count := lines[-1][what]:
            yield f"{count} messages are {what.replace('_', ' ')}, though all is drained"
