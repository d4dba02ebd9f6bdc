"""ledger: the entries of each business in order, and what each message left there."""

from parley.billing.v1 import ledger_pb2
from services.verifier.evidence import evidence_of
from services.verifier.invariants import ledger_chain
from services.verifier.known import Known
from services.verifier.life import Entry
from services.verifier.records import LogRecord

_parse = ledger_pb2.LedgerEntry.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    entry = _parse(record.value or b"")
    ledger_chain.check(known.head(entry.business_id), entry, record, known.findings)
    kind = entry.WhichOneof("event")
    if kind is None:
        known.findings.violated(5, record.place, entry.business_id, "The entry does not say what happened.")
        return
    life = known.life(entry.message_id)
    kept = Entry(
        kind,
        entry.sequence,
        getattr(getattr(entry, kind), "authorized_sequence", 0),
        entry.amount.micros,
        entry.reserved.micros,
        entry.amount.currency,
        entry.market,
        entry.plan,
        entry.plan_version,
        list(entry.evidence),
        evidence_of(entry.window),
        record.place,
    )
    before = life.reservation if kind == "authorized" else life.closing
    if before is not None:
        known.findings.violated(
            2,
            record.place,
            entry.message_id,
            f"The message is {kind} although {before.place} has it {before.kind}.",
        )
    elif kind == "authorized":
        life.reservation = kept
    else:
        life.closing = kept
