"""A failed run as a reader wants it: what does not hold, what lies on the topics about it, what happened."""

import re
from collections.abc import Iterator

from services.contracts.headers import KIND, header
from services.contracts.instants import rfc3339
from tests.simulation.kafka_model.cluster import ModelCluster
from tests.simulation.run import Outcome

TRACE_LINES_MAX = 400
MESSAGES_MAX = 3
_MESSAGE_ID = re.compile(r"wamid\.[\w-]+")


def told(outcome: Outcome) -> str:
    """The whole story of a failed run, and how to see it again."""
    simulation, cluster = outcome.simulation, outcome.simulation.world.cluster
    lines = list(simulation.world.trace.lines())
    left_out = max(0, len(lines) - TRACE_LINES_MAX)
    return "\n".join(
        [
            f"seed {simulation.seed} fails:",
            *(f"  {violation}" for violation in outcome.violations),
            *_about_messages(cluster, outcome.violations),
            f"what happened{f' (the first {left_out} lines are left out)' if left_out else ''}:",
            *(f"  {line}" for line in lines[left_out:]),
            f"to replay it: make sim SEED={simulation.seed} RUNS=1",
        ]
    )


def _about_messages(cluster: ModelCluster, violations: list[str]) -> Iterator[str]:
    named = dict.fromkeys(_MESSAGE_ID.findall("\n".join(violations)))
    for message_id in list(named)[:MESSAGES_MAX]:
        yield f"what lies on the topics about {message_id}:"
        yield from _records_about(cluster, message_id.encode())


def _records_about(cluster: ModelCluster, name: bytes) -> Iterator[str]:
    for (topic, number), log in cluster.logs.items():
        for entry in log.history:
            if name in entry.key or name in (entry.value or b""):
                kind = (header(entry.headers, KIND) or b"").decode() or (
                    "row" if entry.value else "tombstone"
                )
                fate = "" if entry.is_committed else ", not committed"
                writer = entry.writer or "a worker"
                place = f"{topic}/{number}@{entry.offset}"
                yield f"  {rfc3339(entry.timestamp_ms)}  {place:<30} {kind} by {writer}{fate}"
