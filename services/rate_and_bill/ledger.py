"""How a business's ledger grows: numbered, chained, summed. The one place where entries are made."""

from hashlib import sha256

from parley.billing.v1 import ledger_pb2, money_pb2, rating_row_pb2, usage_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import business_key
from services.runtime.record import Cause, Output, emit
from services.runtime.stage import InvariantBroken

LEDGER = topic("ledger")
NO_HASH = "0" * 64
"""What entry 1 names as the one before it."""

LedgerHead = rating_row_pb2.LedgerHead
OpenMessage = rating_row_pb2.OpenMessage
LedgerEntry = ledger_pb2.LedgerEntry
Money = money_pb2.Money


def authorized(head: LedgerHead, message: OpenMessage, cause: Cause) -> Output:
    """The list price is reserved, when the message is accepted. Notes the entry's sequence in ``message``."""
    entry = _entry(message, cause, message.assessed.facts.accepted_at_ms, message.reason, "")
    entry.authorized.SetInParent()
    message.authorized_sequence = head.sequence + 1
    return _append(head, entry, "authorized", amount=0, reserved=message.price_micros)


def captured(head: LedgerHead, message: OpenMessage, cause: Cause, at_ms: int, consent_id: str) -> Output:
    """The charge falls due on the first receipt, at ``at_ms``; what was reserved is released."""
    entry = _entry(message, cause, at_ms, message.reason, consent_id)
    entry.captured.authorized_sequence = message.authorized_sequence
    return _append(head, entry, "captured", amount=-message.price_micros, reserved=-message.price_micros)


def voided(
    head: LedgerHead, message: OpenMessage, cause: Cause, at_ms: int, reason: str, consent_id: str
) -> Output:
    """The message ended undelivered at ``at_ms``: what was reserved is released and nothing falls due."""
    entry = _entry(message, cause, at_ms, reason, consent_id)
    entry.voided.authorized_sequence = message.authorized_sequence
    return _append(head, entry, "voided", amount=0, reserved=-message.price_micros)


def free(head: LedgerHead, message: OpenMessage, cause: Cause, at_ms: int, consent_id: str) -> Output:
    """A message that costs nothing was delivered at ``at_ms``."""
    entry = _entry(message, cause, at_ms, message.reason, consent_id)
    entry.free.SetInParent()
    return _append(head, entry, "free", amount=0, reserved=None)


def _entry(message: OpenMessage, cause: Cause, at_ms: int, reason: str, consent_id: str) -> LedgerEntry:
    assessed = message.assessed
    facts = assessed.facts
    return LedgerEntry(
        business_id=facts.business_id,
        account_id=facts.account_id,
        phone_number_id=facts.phone_number_id,
        message_id=facts.message_id,
        user_ref=facts.user_ref,
        destination_prefix=facts.destination_prefix,
        category=facts.category,
        form=facts.form,
        accepted_at_ms=facts.accepted_at_ms,
        recorded_at_ms=at_ms,
        market=message.market,
        reason=reason,
        plan=message.plan,
        plan_version=message.plan_version,
        amount=Money(currency=message.currency),
        window=assessed.window,
        evidence=_evidence(assessed, consent_id),
        cause=ledger_pb2.CausePosition(topic=cause.topic, partition=cause.partition, offset=cause.offset),
    )


def _evidence(assessed: usage_pb2.SendAssessed, consent_id: str) -> list[str]:
    """The customer's newest message, the one that opened the window, the consents: each once, if any."""
    window = assessed.window
    ids = (window.last_message_id, window.opened_by, assessed.consent_id, consent_id)
    return [each for each in dict.fromkeys(ids) if each]


def _append(head: LedgerHead, entry: LedgerEntry, kind: str, amount: int, reserved: int | None) -> Output:
    """Make ``entry`` the newest of its ledger and move ``head`` to it. Amounts are micros."""
    currency = entry.amount.currency
    if head.currency not in ("", currency):
        raise InvariantBroken(f"business {entry.business_id} has a ledger in {head.currency}, not {currency}")
    head.currency = currency
    head.sequence += 1
    head.balance_micros += amount
    head.reserved_micros += reserved or 0
    if head.reserved_micros < 0:
        raise InvariantBroken(f"business {entry.business_id} would release more than it has reserved")
    entry.sequence = head.sequence
    entry.previous_hash = head.hash or NO_HASH
    entry.amount.micros = amount
    entry.balance.currency = currency
    entry.balance.micros = head.balance_micros
    if reserved is not None:
        entry.reserved.currency = currency
        entry.reserved.micros = reserved
    output = emit(LEDGER, business_key(entry.business_id), entry, kind, message_id=entry.message_id)
    head.hash = sha256(output.value or b"").hexdigest()
    return output
