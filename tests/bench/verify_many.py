"""Ten million records past the verifier: how much memory its process takes, and what it keeps of a message.

One process makes the run, a piece at a time, the other verifies it. A pipe with a name lies between them, so
neither the disk nor the memory ever holds the whole.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from services.contracts.catalogue import topic
from services.verifier.dump import write_dump
from services.verifier.records import ORDER, Cut, LogRecord, Span, TopicPartition
from tests.bench.backlog import LASTS_MS, backlog
from tests.bench.figures import Figure
from tests.bench.verify import START_MS
from tests.line.memory_source import MemorySource

RECORDS = 10_000_000
CONVERSATIONS = 4_000
"""In memory at a time; about 37 records each."""
NO_END = 1 << 40
"""Where the topics end is known only when they have been made."""
KIB = 1024


async def verify_many(console: Console) -> list[Figure]:
    """The figures ``verify/memory`` and ``verify/state``; takes about six minutes."""
    return await asyncio.to_thread(_measure, console)


def _measure(console: Console) -> list[Figure]:
    with TemporaryDirectory(prefix="parley-bench-") as directory:
        pipe, state = Path(directory) / "run", Path(directory) / "state"
        os.mkfifo(pipe)
        command = [sys.executable, "-m", "tests.bench.verifying", str(pipe), str(state)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as verifier:
            with console.status("") as status:
                write_dump(Chunks(), "", pipe, lambda done, _: status.update(f"{done:,} records"))
            answer = verifier.stdout.read() if verifier.stdout is not None else b""
            _, exit_status, usage = os.wait4(verifier.pid, 0)
            verifier.returncode = os.waitstatus_to_exitcode(exit_status)
    if verifier.returncode:
        raise RuntimeError("the verifier failed; it has said why")
    found = json.loads(answer)
    details = {
        "records": found["records"],
        "messages": found["messages"],
        "records per CPU s": round(found["records"] / (usage.ru_utime + usage.ru_stime)),
    }
    kept = {"open messages": found["open"], "bytes/settled message": round(found["settled_bytes"])}
    return [
        Figure("verify/memory", usage.ru_maxrss * KIB / 1e6, "MB at most", details=details),
        Figure("verify/state", found["open_bytes"], "bytes/open message", details=kept),
    ]


class Chunks:
    """A source that makes what it gives."""

    identity = "chunks"

    def __init__(self) -> None:
        self._made = 0

    def cut(self) -> Cut:
        return {(name, part): Span(0, NO_END) for name in ORDER for part in range(topic(name).partitions)}

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:  # noqa: ARG002
        chunk, line = 0, None
        while self._made < RECORDS:
            line = backlog(CONVERSATIONS, START_MS + chunk * LASTS_MS, chunk=chunk, after=line)
            source = MemorySource(line.topics)
            for records in source.read(source.cut(), {}):
                self._made += len(records)
                yield records
            chunk += 1
