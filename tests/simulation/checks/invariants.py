"""The invariants of the design, judged by the platform's own verifier from the model's topics alone."""

import os
from collections.abc import Iterator
from pathlib import Path

from services.verifier.verification import verify
from tests.simulation.kafka_model.cluster import ModelCluster
from tests.simulation.model_source import ModelSource

MEMORY = Path("/dev/shm")  # noqa: S108 - a directory that is made in it, with a name of its own
SCRATCH = MEMORY if os.access(MEMORY, os.W_OK) else None
"""A disk would take longer over opening and closing the verifier's store than the verifier over its work."""


def violations(cluster: ModelCluster) -> Iterator[str]:
    """What the verifier finds, one sentence each."""
    findings = verify(ModelSource(cluster), drained=True, scratch=SCRATCH)
    for violation in findings.violations:
        yield f"invariant {violation.invariant}: {violation.place}: {violation.subject}: {violation.sentence}"
    if findings.open:
        yield f"{findings.open} messages are open though the platform is at rest"
    if findings.unchecked.total():
        yield f"the verifier could not judge all: {dict(findings.unchecked)}"
