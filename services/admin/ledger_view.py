"""A ledger entry as programs and people read it: a JSON object, a row of a table, a sentence."""

from parley.billing.v1 import ledger_pb2, money_pb2
from services.admin.ledger_tail import ChainedEntry
from services.contracts.instants import rfc3339
from services.rate_and_bill.amounts import amount_text
from services.rate_and_bill.rules import CHARGED_IN_WINDOW, EXPIRED
from services.rate_and_bill.words import CATEGORY_WORDS

HEADINGS = (
    "business",
    "#",
    "recorded at",
    "entry",
    "message",
    "market",
    "reserved",
    "amount",
    "balance",
    "",
    "reason",
)
AMOUNT_COLUMNS = frozenset({"#", "reserved", "amount", "balance"})
"""Headings of the columns that are set to the right."""
MESSAGE_ID_SHOWN = 8
_SECOND_MS = 1_000


def kind_of(entry: ledger_pb2.LedgerEntry) -> str:
    """``authorized``, ``captured``, ``voided`` or ``free``; ``unknown`` for a kind of a later version."""
    return entry.WhichOneof("event") or "unknown"


def entry_object(chained: ChainedEntry) -> dict[str, object]:
    """The entry as `parley ledger tail --json` prints it."""
    entry = chained.entry
    return {
        "business_id": entry.business_id,
        "account_id": entry.account_id,
        "sequence": entry.sequence,
        "kind": kind_of(entry),
        "message_id": entry.message_id,
        "user_ref": entry.user_ref,
        "amount": _money_object(entry.amount),
        "balance": _money_object(entry.balance),
        "reserved": _money_object(entry.reserved) if entry.HasField("reserved") else None,
        "reason": entry.reason,
        "plan": entry.plan,
        "plan_version": entry.plan_version,
        "market": entry.market,
        "category": CATEGORY_WORDS[entry.category],
        "accepted_at": rfc3339(entry.accepted_at_ms),
        "recorded_at": rfc3339(entry.recorded_at_ms),
        "evidence": list(entry.evidence),
        "hash": chained.hash,
        "previous_hash": entry.previous_hash,
    }


def table_row(chained: ChainedEntry) -> tuple[str, ...]:
    """Cells under :data:`HEADINGS`. Of the message id only the end, which tells messages apart."""
    entry = chained.entry
    return (
        entry.business_id,
        str(entry.sequence),
        rfc3339(entry.recorded_at_ms),
        kind_of(entry),
        "…" + entry.message_id[-MESSAGE_ID_SHOWN:],
        entry.market,
        amount_text(entry.reserved.micros) if entry.HasField("reserved") else "",
        amount_text(entry.amount.micros),
        amount_text(entry.balance.micros),
        entry.balance.currency,
        entry.reason,
    )


def explain(entry: ledger_pb2.LedgerEntry) -> str:
    """Why the entry is there, in one sentence."""
    kind = entry.WhichOneof("event")
    when = rfc3339(entry.recorded_at_ms)
    if kind == "authorized":
        return f"{_circumstance(entry)}, so {_money_text(entry.reserved)} is reserved: {_rate(entry)}."
    if kind == "captured":
        hold = entry.captured.authorized_sequence
        return f"Delivered at {when}: {_money_text(entry.amount)}, reserved by entry {hold}, falls due."
    if kind == "voided":
        hold = entry.voided.authorized_sequence
        end = "Expired" if entry.reason == EXPIRED else "Failed"
        released = _money_text(entry.reserved)
        return f"{end} undelivered at {when}: {released}, reserved by entry {hold}, is released and nothing falls due."
    if kind == "free":
        return f"Delivered at {when}; {_decapitalized(_circumstance(entry))}, so nothing falls due."
    return "This version of parley does not know what this entry is about: use a later one."


def _circumstance(entry: ledger_pb2.LedgerEntry) -> str:
    """What about the customer's window decided the price."""
    window = entry.window
    plan = f"{entry.plan} version {entry.plan_version}"
    what = "The reply" if entry.form == 1 else "The template"
    if not window.last_message_id:
        return f"{what} was accepted at and the customer never wrote"
    return ""
