"""The invariants of the design, judged by the platform's own verifier from the model's topics alone."""

from collections.abc import Iterator

from services.verifier.verification import verify
from tests.simulation.kafka_model.cluster import ModelCluster
from tests.simulation.model_source import ModelSource


def violations(cluster: ModelCluster) -> Iterator[str]:
    """What the verifier finds, one sentence each."""
    findings = verify(ModelSource(cluster), drained=True)
    for violation in findings.violations:
        yield f"invariant {violation.invariant}: {violation.place}: {violation.subject}: {violation.sentence}"
    if findings.open:
        yield f"{findings.open} messages are open though the platform is at rest"
    if findings.unchecked.total():
        yield f"the verifier could not judge all: {dict(findings.unchecked)}"
