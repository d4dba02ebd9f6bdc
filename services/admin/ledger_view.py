"""A ledger entry as programs and people read it: a JSON object, a row of a table, a sentence."""

from parley.billing.v1 import ledger_pb2, money_pb2
from parley.message.v1 import facts_pb2
from services.admin.ledger_tail import ChainedEntry
from services.contracts.instants import rfc3339
from services.rate_and_bill.amounts import amount_text
from services.rate_and_bill.rules import CHARGED_IN_WINDOW, EXPIRED, IN_WINDOW
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
SECOND_MS = 1_000
UNKNOWN = "unknown"
"""Stands for a word that only a later version knows."""


def kind_of(entry: ledger_pb2.LedgerEntry) -> str:
    """``authorized``, ``captured``, ``voided`` or ``free``; ``unknown`` for a kind of a later version."""
    return entry.WhichOneof("event") or UNKNOWN


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
        "category": CATEGORY_WORDS.get(entry.category, UNKNOWN),
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
    held = _money_text(entry.reserved)
    if kind == "authorized":
        return f"{_what_was_accepted(entry)}: {held}, the rate of {entry.market}, is reserved."
    if kind == "captured":
        return (
            f"Delivered at {when}: {held} that entry {entry.captured.authorized_sequence} reserved falls due."
        )
    if kind == "voided":
        end = "Nobody received it before it expired" if entry.reason == EXPIRED else "It failed"
        hold = entry.voided.authorized_sequence
        return f"{end} at {when}: {held} that entry {hold} reserved is released, and nothing falls due."
    if kind == "free":
        return f"{_what_was_accepted(entry)}: it was delivered at {when}, and nothing falls due."
    return "This version of parley does not know such entries: read it with a later one."


def _what_was_accepted(entry: ledger_pb2.LedgerEntry) -> str:
    """The message and the circumstance that decided its price."""
    window, plan = entry.window, f"{entry.plan} version {entry.plan_version}"
    is_reply = entry.form == facts_pb2.FORM_FREE_FORM
    what = (
        "A free-form message" if is_reply else f"A template ({CATEGORY_WORDS.get(entry.category, UNKNOWN)})"
    )
    if not window.last_message_id:
        return f"{what} accepted though the customer never wrote to this number, outside any window of {plan}"
    after = _duration_text(entry.accepted_at_ms - window.last_message_at_ms)
    since = f"{what} accepted {after} after the customer's last message"
    if entry.reason == IN_WINDOW:
        return f"{since}, inside the window of {plan}"
    if entry.reason == CHARGED_IN_WINDOW:
        return f"{since}, inside the window, where {plan} charges for it"
    return f"{since}, outside the window of {plan}"


def _duration_text(duration_ms: int) -> str:
    """Whole seconds, cut; a customer whose clock is ahead wrote zero seconds before."""
    minutes, seconds = divmod(max(duration_ms, 0) // SECOND_MS, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min {seconds:02d} s"


def _money_object(money: money_pb2.Money) -> dict[str, object]:
    return {"currency": money.currency, "micros": money.micros}


def _money_text(money: money_pb2.Money) -> str:
    """An amount without its sign, which the sentence around it says in words."""
    return f"{money.currency} {amount_text(abs(money.micros))}"
