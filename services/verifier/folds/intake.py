"""intake: which requests were accepted, and what consent held for each."""

from parley.intake.v1 import intake_pb2
from services.contracts.keys import conversation_key
from services.verifier.facts import digest
from services.verifier.known import Known
from services.verifier.records import LogRecord
from services.verifier.rules.consent import GRANTED, STOPPED

_parse = intake_pb2.IntakeEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = _parse(record.value or b"")
    kind = event.WhichOneof("event")
    if kind == "send_requested":
        _requested(record, event.send_requested, known)
    elif kind == "customer_message_received":
        _received(record, event.customer_message_received, known)
    elif kind in ("customer_blocked", "customer_unblocked"):
        known.conversation(record.key).standing.blocked = kind == "customer_blocked"
    elif kind in ("opt_in_recorded", "opt_out_recorded"):
        standing = known.conversation(record.key).standing
        standing.consent = GRANTED if kind == "opt_in_recorded" else STOPPED


def _requested(record: LogRecord, event: intake_pb2.SendRequested, known: Known) -> None:
    facts = event.facts
    life = known.life(facts.message_id)
    if life.requested is not None:
        return  # the client repeated its request: it is one
    known.findings.messages += 1
    life.requested = record.place
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["intake"] = digest(facts)
    if record.key != conversation_key(facts.business_id, facts.user_ref):
        known.findings.violated(
            1, record.place, facts.message_id, "The request lies under another conversation's key."
        )
    life.objection = known.conversation(record.key).standing.objection()


def _received(record: LogRecord, event: intake_pb2.CustomerMessageReceived, known: Known) -> None:
    if known.seen_before(event.message_id):
        return  # a handset repeated its message
    standing = known.conversation(record.key).standing
    if event.keyword == intake_pb2.KEYWORD_STOP:
        standing.said_stop()
    elif event.keyword == intake_pb2.KEYWORD_START:
        standing.said_start()
    else:
        standing.wrote()
