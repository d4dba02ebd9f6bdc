"""Invariant 5: a business's entries are 1..n, their hashes chain, and their sum is the balance."""

from hashlib import sha256

from parley.billing.v1 import ledger_pb2
from services.verifier.findings import Findings
from services.verifier.records import LogRecord
from services.verifier.rules.chain import Head


def check(head: Head, entry: ledger_pb2.LedgerEntry, record: LogRecord, findings: Findings) -> None:
    """``entry`` follows ``head``; afterwards the head is this entry, so that one fault is named once."""
    findings.checked[5] += 1
    for sentence in _wrong(head, entry, record):
        findings.violated(5, record.place, entry.business_id, sentence)
    if entry.sequence <= head.sequence:
        return  # a repetition: what follows is compared with what was there before
    head.sequence = entry.sequence
    head.hash = sha256(record.value or b"").hexdigest()
    head.balance_micros = entry.balance.micros
    head.reserved_micros += entry.reserved.micros
    head.currency = entry.balance.currency


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
    if head.currency not in ("", entry.balance.currency):
        found.append(f"Entry {entry.sequence} is in {entry.balance.currency}, the ledger in {head.currency}.")
    if head.reserved_micros + entry.reserved.micros < 0:
        found.append(f"Entry {entry.sequence} releases more than is reserved.")
    return found
