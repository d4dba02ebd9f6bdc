"""What a verification says, as objects: the same for tables and for programs."""

from collections.abc import Iterator
from typing import Any

from services.verifier.findings import INVARIANTS, Findings

Json = dict[str, Any]


def topic_rows(findings: Findings) -> Iterator[Json]:
    """How many records were read of each topic."""
    for topic, records in sorted(findings.records.items()):
        yield {"topic": topic, "records": records}


def invariant_rows(findings: Findings) -> Iterator[Json]:
    """What was judged of each invariant, what could not be, and what does not hold."""
    for number, words in INVARIANTS.items():
        yield {
            "invariant": number,
            "says": words,
            "checked": findings.checked[number],
            "unchecked": findings.unchecked[number],
            "violations": findings.violations_by_invariant[number],
        }


def violation_rows(findings: Findings) -> Iterator[Json]:
    """Each violation that is named, with the record that shows it."""
    for each in findings.violations:
        yield {
            "invariant": each.invariant,
            "topic": each.place.topic,
            "partition": each.place.partition,
            "offset": each.place.offset,
            "subject": each.subject,
            "sentence": each.sentence,
        }


def summary_row(findings: Findings) -> Json:
    """The whole in one line."""
    return {
        "records": sum(findings.records.values()),
        "messages": findings.messages,
        "open": findings.open,
        "under_way": findings.under_way,
        "violations": sum(findings.violations_by_invariant.values()),
    }
