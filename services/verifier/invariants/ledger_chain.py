"""Invariant 5: a business's entries are 1..n, their hashes chain, and their sum is the balance."""

from hashlib import sha256

from parley.billing.v1 import ledger_pb2
from services.verifier.known import Known
from services.verifier.records import LogRecord
from services.verifier.rules.chain import Head


def check(head: Head, entry: ledger_pb2.LedgerEntry, record: LogRecord, known: Known) -> bool:
    """``entry`` follows ``head``; afterwards the head is this entry, so that one fault is named once.

    Returns False for an entry whose sequence has been there before.
    """
    if not head.sequence and not known.in_view.whole(record.topic, record.partition):
        known.findings.unchecked[5] += 1  # what came before it has been deleted
    else:
        known.findings.checked[5] += 1
        for sentence in _wrong(head, entry, record):
            known.findings.violated(5, record.place, entry.business_id, sentence)
        if entry.sequence <= head.sequence:
            return False
    head.sequence = entry.sequence
    head.hash = sha256(record.value or b"").hexdigest()
    head.balance_micros = entry.balance.micros
    head.currency = entry.balance.currency
    return True


def _wrong(head: Head, entry: ledger_pb2.LedgerEntry, record: LogRecord) -> list[str]:
    if record.key != entry.business_id.encode():
        return [f"The entry lies under the key {record.key!r}."]
    if entry.sequence != head.sequence + 1:
        return [f"Entry {entry.sequence} follows entry {head.sequence}."]
    found = []
    if entry.previous_hash != head.hash:
        found.append(f"Entry {entry.sequence} names another entry before it than the one that lies there.")
    if entry.balance.micros != head.balance_micros + entry.amount.micros:
        found.append(
            f"Entry {entry.sequence} says a balance of {entry.balance.micros} micros, "
            f"but {head.balance_micros} and {entry.amount.micros} make another."
        )
    if entry.amount.currency != entry.balance.currency:
        found.append(
            f"Entry {entry.sequence} adds {entry.amount.currency} to a balance in {entry.balance.currency}."
        )
    if head.currency not in ("", entry.balance.currency):
        found.append(f"Entry {entry.sequence} is in {entry.balance.currency}, the ledger in {head.currency}.")
    return found
