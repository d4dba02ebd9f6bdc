"""usage: the facts that money follows from, and delivery's outcomes."""

from parley.billing.v1 import usage_pb2
from services.verifier.evidence import evidence_of
from services.verifier.facts import digest
from services.verifier.known import Known
from services.verifier.life import Outcome
from services.verifier.records import LogRecord
from services.verifier.rules.prices import due_for

_parse = usage_pb2.UsageEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    event = _parse(record.value or b"")
    kind = event.WhichOneof("event")
    if kind == "send_assessed":
        _assessed(record, event.send_assessed, known)
    elif kind == "message_delivered":
        outcome = event.message_delivered
        _ended(record, outcome.message_id, Outcome(True, outcome.consent_id, record.place), known)
    elif kind == "message_undelivered":
        ended = event.message_undelivered
        _ended(record, ended.message_id, Outcome(False, ended.consent_id, record.place), known)
    elif kind == "setting_changed":
        known.settings_of(record.partition).add(event.setting_changed)


def _assessed(record: LogRecord, event: usage_pb2.SendAssessed, known: Known) -> None:
    facts = event.facts
    life = known.life(facts.message_id)
    if life.assessed is not None:
        known.findings.violated(
            1, record.place, facts.message_id, f"usage has the request twice, first at {life.assessed}."
        )
        return
    life.assessed = record.place
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["usage"] = digest(facts)
    life.assessed_consent_id = event.consent_id
    life.window_stated = evidence_of(event.window)
    settings = known.settings_of(record.partition)
    business = settings.business(facts.business_id, facts.accepted_at_ms)
    card = None if business is None else settings.card(business.plan, facts.accepted_at_ms)
    life.due = due_for(business, card, facts, life.window_stated)


def _ended(record: LogRecord, message_id: str, outcome: Outcome, known: Known) -> None:
    life = known.life(message_id)
    if life.outcome is not None:
        known.findings.violated(
            2, record.place, message_id, f"usage has two outcomes, the first at {life.outcome.place}."
        )
        return
    life.outcome = outcome
