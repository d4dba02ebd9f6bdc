"""`parley verify`: check from the topics alone that what must always hold does hold."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from services.admin.errors import Refused
from services.admin.instance import open_instance
from services.admin.output import AsJson, print_json, print_object, print_objects
from services.admin.progress_bar import progress_bar
from services.admin.replay.books import StateTorn
from services.admin.replay.replay import Replayed
from services.admin.replay.replay import replay as run_replay
from services.verifier import report
from services.verifier.dump import DumpSource, write_dump
from services.verifier.dump_frames import DumpUnusable
from services.verifier.findings import Findings
from services.verifier.records import Source
from services.verifier.sources.cluster import ClusterSource
from services.verifier.sources.topic_reader import DeletedMeanwhile
from services.verifier.store import StateUnusable
from services.verifier.verification import verify as run_verification

REPLAY = 7
"""The invariant that is not judged by the verifier's own rules."""
REFUSALS = (StateUnusable, StateTorn, DumpUnusable, DeletedMeanwhile)

State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="DIR",
        help="Remember everything there and read only what is new next time. Shows a tail cut off since.",
    ),
]
FromDump = Annotated[
    Path | None, typer.Option("--dump", metavar="FILE", help="Check a dump instead of a cluster.")
]
ToDump = Annotated[
    Path | None,
    typer.Option("--write-dump", metavar="FILE", help="Only write the topics to FILE (.gz compresses)."),
]
Drained = Annotated[
    bool,
    typer.Option(
        "--drained", help="The platform is at rest: count as lost what a stage should have answered by now."
    ),
]
WithReplay = Annotated[
    bool, typer.Option("--replay/--no-replay", help="Run the stages again over their input (invariant 7).")
]


@dataclass(frozen=True, slots=True)
class Topics:
    """What is to be checked; it is read once for the invariants and once for the replay."""

    prefix: str
    open: Callable[[bool], Source]
    """Told whether headers are needed."""


def verify(
    state: State = None,
    dump: FromDump = None,
    dump_to: ToDump = None,
    drained: Drained = False,
    with_replay: WithReplay = True,
    as_json: AsJson = False,
) -> None:
    """Check the topics: each request has one end, the ledger adds up, what was free is free by its evidence.

    Reads the topics only, with rules of its own. Exit 1 when something does not hold; each violation names
    the record that shows it. What retention has deleted is no violation but counted as unchecked.
    """
    if dump_to is not None:
        _write_dump(dump_to, as_json)
        return
    with ExitStack() as opened:
        topics = _of_cluster() if dump is None else _of_dump(dump, opened)
        try:
            with progress_bar("verifying") as advance:
                rows = None if state is None else state / "rows"
                findings = run_verification(topics.open(False), rows, drained=drained, advance=advance)
            if with_replay:
                with progress_bar("replaying") as advance:
                    stages = None if state is None else state / "stages"
                    again = topics.open(True)
                    found = run_replay(again, topics.prefix, stages, drained=drained, advance=advance)
                _add(found, findings)
        except REFUSALS as error:
            raise Refused(str(error)) from None
    _print(findings, as_json)
    violations = report.summary_row(findings)["violations"]
    if violations:
        raise Refused(f"{violations} violations: the records named above show them.")


def _of_cluster() -> Topics:
    instance = open_instance()
    prefix = instance.topic_prefix
    return Topics(prefix, lambda headers: ClusterSource(instance.connection, prefix, with_headers=headers))


def _of_dump(file: Path, opened: ExitStack) -> Topics:
    def source(with_headers: bool) -> DumpSource:
        try:
            return opened.enter_context(closing(DumpSource(file, with_headers=with_headers)))
        except OSError as error:
            raise Refused(f"{file} cannot be read: {error.strerror}.") from None
        except DumpUnusable as error:
            raise Refused(str(error)) from None

    return Topics(source(False).topic_prefix, source)


def _write_dump(file: Path, as_json: bool) -> None:
    instance = open_instance()
    source = ClusterSource(instance.connection, instance.topic_prefix, with_headers=True)
    try:
        with progress_bar("writing") as advance:
            records = write_dump(source, instance.topic_prefix, file, advance)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from None
    print_object({"dump": str(file), "records": records, "bytes": file.stat().st_size}, as_json)


def _add(replayed: Replayed, findings: Findings) -> None:
    findings.checked[REPLAY] = replayed.lanes.compared
    findings.unchecked[REPLAY] = len(replayed.unchecked)
    for each in replayed.lanes.differences:
        findings.violated(REPLAY, each.place, each.stage, each.sentence)


def _print(findings: Findings, as_json: bool) -> None:
    topics, invariants = list(report.topic_rows(findings)), list(report.invariant_rows(findings))
    violations, summary = list(report.violation_rows(findings)), report.summary_row(findings)
    if as_json:
        for row in (*topics, *invariants, *violations, summary):
            print_json(row)
        return
    print_objects(topics, False, ("topic", "records"), "The topics are empty.")
    print()
    print_objects(invariants, False, ("invariant", "says", "checked", "unchecked", "violations"), "")
    print()
    if violations:
        columns = ("invariant", "topic", "partition", "offset", "subject", "sentence")
        print_objects(violations, False, columns, "")
        return
    print(
        f"{summary['messages']} messages, of which {summary['open']} have not ended and "
        f"{summary['under_way']} are just ending: everything holds."
    )
