"""ledger: the entries of each business in order, and what each message left there."""

from parley.billing.v1 import ledger_pb2
from services.contracts.catalogue import topic
from services.contracts.placement import partition_of
from services.verifier.evidence import evidence_of
from services.verifier.facts import ledger_digest
from services.verifier.folds.reading import Unreadable, message_of
from services.verifier.invariants import ledger_chain
from services.verifier.known import Known
from services.verifier.life import Entry
from services.verifier.records import LogRecord, Place

USAGE = "usage"
_LEDGER = topic("ledger")
_parse = ledger_pb2.LedgerEntry.FromString


def fold(record: LogRecord, known: Known) -> None:
    """Take one record in."""
    entry = message_of(_parse, record)
    kind = entry.WhichOneof("event")
    if kind is None:
        raise Unreadable
    is_next = True  # in a partition where it does not belong it has no place in the chain either
    if partition_of(_LEDGER, record.key) == record.partition:
        is_next = ledger_chain.check(known.head(entry.business_id), entry, record, known)
    life = known.life(entry.message_id)
    kept = _kept(entry, kind, record)
    before = life.reservation if kind == "authorized" else life.closing
    if (before is not None or life.settled) and not is_next:
        return  # a repetition in the chain, and named as such
    if before is not None or life.settled:
        first = "" if before is None else f", which {before.place} has {before.kind}"
        known.findings.violated(
            2, record.place, entry.message_id, f"The ledger has the message {kind} once more{first}."
        )
        return
    life.conversation = life.conversation or f"{entry.business_id}:{entry.user_ref}"
    life.accepted_at_ms = life.accepted_at_ms or entry.accepted_at_ms
    if kind == "authorized":
        life.reservation = kept
    else:
        life.closing = kept


def _cause(cause: ledger_pb2.CausePosition) -> Place:
    """The position, by the topic's declared name; any other topic is left as it is."""
    name = USAGE if cause.topic.endswith(USAGE) else cause.topic
    return Place(name, cause.partition, cause.offset)


def _kept(entry: ledger_pb2.LedgerEntry, kind: str, record: LogRecord) -> Entry:
    return Entry(
        kind,
        entry.sequence,
        getattr(getattr(entry, kind), "authorized_sequence", 0),
        entry.amount.micros,
        entry.reserved.micros,
        entry.amount.currency,
        entry.market,
        entry.plan,
        entry.plan_version,
        entry.recorded_at_ms,
        ledger_digest(entry),
        list(entry.evidence),
        evidence_of(entry.window),
        entry.reason,
        entry.reserved.currency if entry.HasField("reserved") else "",
        _cause(entry.cause),
        record.place,
    )
