"""usage: the facts that money follows from, and delivery's outcomes."""

from parley.billing.v1 import usage_pb2
from parley.message.v1 import facts_pb2
from services.contracts.keys import business_key
from services.verifier.evidence import evidence_of
from services.verifier.facts import digest, ledger_digest
from services.verifier.folds.reading import check_key, event_of, take_step
from services.verifier.known import Known
from services.verifier.life import Outcome
from services.verifier.records import LogRecord
from services.verifier.rules.plans import SettingsTrack
from services.verifier.rules.prices import Due, due_for
from services.verifier.rules.windows import Evidence

_parse = usage_pb2.UsageEvent.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    kind, event = event_of(_parse, record)
    if kind == "send_assessed":
        _assessed(record, event, known)
    elif kind == "message_delivered":
        _ended(record, event.message_id, _delivered(event, record), known)
    elif kind == "message_undelivered":
        _ended(record, event.message_id, _undelivered(event, record), known)
    elif kind == "setting_changed":
        known.settings_of(record.partition).add(event)
        known.copies.add(event, record, known.cut_number)


def _assessed(record: LogRecord, event: usage_pb2.SendAssessed, known: Known) -> None:
    facts = event.facts
    life = known.life(facts.message_id)
    if not take_step(life, "assessed", record, known):
        return
    check_key(business_key(facts.business_id), record, facts.message_id, 1, known)
    life.conversation = f"{facts.business_id}:{facts.user_ref}"
    life.accepted_at_ms, life.expires_at_ms = facts.accepted_at_ms, facts.expires_at_ms
    life.facts["usage"] = digest(facts)
    life.facts["ledger"] = ledger_digest(facts)
    life.assessed_consent_id = event.consent_id
    life.window_stated = evidence_of(event.window)
    life.due = _due(facts, life.window_stated, record.partition, known)


def _due(facts: facts_pb2.SendFacts, window: Evidence, partition: int, known: Known) -> Due | None:
    """What the plan says, None where the settings that rate-and-bill saw have been deleted."""
    settings, whole = known.settings_of(partition), known.in_view.whole("usage", partition)
    key = f"business/{facts.business_id}"
    business = _where(key, settings, known, whole).business(facts.business_id, facts.accepted_at_ms)
    if business is None:
        return due_for(None, None, facts, window) if whole else None
    card = _where(f"price-plan/{business.plan}", settings, known, whole).card(
        business.plan, facts.accepted_at_ms
    )
    return due_for(business, card, facts, window) if whole or card is not None else None


def _where(key: str, settings: SettingsTrack, known: Known, whole: bool) -> SettingsTrack:
    """usage itself; where its beginning is gone and it says nothing, the newest version in `settings`."""
    return settings if whole or settings.known(key) else known.published


def _delivered(event: usage_pb2.MessageDelivered, record: LogRecord) -> Outcome:
    return Outcome(True, event.read, False, event.delivered_at_ms, event.consent_id, record.place)


def _undelivered(event: usage_pb2.MessageUndelivered, record: LogRecord) -> Outcome:
    return Outcome(False, False, event.expired, event.ended_at_ms, event.consent_id, record.place)


def _ended(record: LogRecord, message_id: str, outcome: Outcome, known: Known) -> None:
    life = known.life(message_id)
    if life.outcome is not None or life.settled:
        first = "" if life.outcome is None else f", the first at {life.outcome.place}"
        known.findings.violated(2, record.place, message_id, f"usage has two outcomes{first}.")
        return
    life.outcome = outcome
