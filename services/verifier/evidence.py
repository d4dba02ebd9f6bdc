"""Window evidence, as messages state it."""

from parley.message.v1 import facts_pb2
from services.verifier.rules.windows import Evidence


def evidence_of(window: facts_pb2.WindowEvidence) -> Evidence:
    """What a record states about the window."""
    return Evidence(
        window.opened_by,
        window.opened_at_ms,
        window.last_message_id,
        window.last_message_at_ms,
        window.closes_at_ms,
        window.entry_point_message_id,
        window.entry_point_at_ms,
        window.open,
    )
