"""`parley verify`: check from the topics alone that what must always hold does hold."""

from services.admin.errors import Refused
from services.admin.instance import open_instance
from services.admin.output import AsJson, print_json, print_objects
from services.verifier import report
from services.verifier.findings import Findings
from services.verifier.sources.cluster import ClusterSource
from services.verifier.verification import verify as run_verification


def verify(as_json: AsJson = False) -> None:
    """Check the topics: each request has one end, the ledger adds up, what was free is free by its evidence.

    Reads the topics only, with rules of its own. Exit 1 when something does not hold; each violation names
    the record that shows it.
    """
    instance = open_instance()
    findings = run_verification(ClusterSource(instance.connection, instance.topic_prefix))
    _print(findings, as_json)
    violations = report.summary_row(findings)["violations"]
    if violations:
        raise Refused(f"{violations} violations: the records named above show them.")


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
        print_objects(
            violations, False, ("invariant", "topic", "partition", "offset", "subject", "sentence"), ""
        )
    else:
        print(f"{summary['messages']} messages, {summary['open']} of them open: everything holds.")
