"""A verification as a process of its own: reads a dump, and says what it found and what it keeps."""

import json
import sys
from contextlib import closing
from pathlib import Path

from services.verifier import report
from services.verifier.dump import DumpSource
from services.verifier.judging import SETTLED
from services.verifier.store import open_db
from services.verifier.verification import verify

MESSAGES = b"m"


def main(dump: Path, state: Path) -> None:
    """Verify, and print one object. Raises ``RuntimeError`` when something does not hold."""
    with closing(DumpSource(dump)) as source:
        findings = verify(source, state)
    if findings.violations:
        raise RuntimeError(f"the run does not hold: {findings.violations[0]}")
    sys.stdout.write(json.dumps(report.summary_row(findings) | _kept(state)))


def _kept(state: Path) -> dict[str, float]:
    """Bytes of key and value that are kept of a message, on average."""
    sizes: dict[bool, list[int]] = {True: [], False: []}
    db = open_db(state)
    for key, value in db.items(from_key=MESSAGES):
        if not key.startswith(MESSAGES):
            break
        sizes[value.startswith(SETTLED)].append(len(key) + len(value))
    db.close()
    means = {settled: sum(each) / max(len(each), 1) for settled, each in sizes.items()}
    return {"open_bytes": means[False], "settled_bytes": means[True]}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
