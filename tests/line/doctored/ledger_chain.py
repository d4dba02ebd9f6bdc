"""5. Ledgers are numbered, chained and summed."""

from typing import Any

from tests.line.doctored.choosing import first, last_of_its_key
from tests.line.doctoring import (
    Case,
    Doctored,
    Line,
    Run,
    chained_again,
    changed,
    doubled,
    dropped,
    edited,
    misplaced,
    moved,
    written_again,
)


def entry_dropped(run: Run) -> Doctored:
    line = first(run, "ledger", "captured")
    outcome = run.about("usage", line.message_id, "message_delivered")
    return dropped(run, line, run.moved(run.after(line), 5, by=-1), outcome.found(2))


def entry_doubled(run: Run) -> Doctored:
    line = first(run, "ledger", "captured")
    return doubled(run, line, 5)


def entry_edited(run: Run) -> Doctored:
    """What the entry says is wrong, and the next entry names another hash."""
    line = first(run, "ledger", "captured")

    def other_reason(entry: Any) -> None:
        entry.reason = "goodwill"

    return edited(run, line, other_reason, line.found(4), run.after(line).found(5))


def currency_of_an_amount_forged(run: Run) -> Doctored:
    """The amount is nothing, in a currency of its own."""
    line = first(run, "ledger", "free")

    def other_currency(entry: Any) -> None:
        entry.amount.currency = "EUR"

    records = run.partition_of(line)
    records[run.index(line)] = changed(line.record, other_currency)
    return written_again(run, chained_again(records), line.found(4), line.found(5))


def entry_in_another_partition(run: Run) -> Doctored:
    return misplaced(run, last_of_its_key(run, "ledger"), 5)


def entries_reordered(run: Run) -> Doctored:
    line = first(run, "ledger", "free", "captured", where=lambda each: _follows_directly(run, each))
    follower = run.after(line)
    return moved(run, follower, line, line.found(5), follower.found(5))


def _follows_directly(run: Run, line: Line) -> bool:
    try:
        follower = run.after(line)
    except LookupError:
        return False
    return run.index(follower) == run.index(line) + 1 and follower.message_id != line.message_id


CASES: tuple[Case, ...] = (
    entry_dropped,
    entry_doubled,
    entry_edited,
    currency_of_an_amount_forged,
    entry_in_another_partition,
    entries_reordered,
)
