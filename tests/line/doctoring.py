"""Topics written again with one thing wrong, and what the verifier must find in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from google.protobuf.message import Message

from parley.billing.v1 import ledger_pb2
from services.contracts.catalogue import topic
from services.runtime.record import Record

Topics = Mapping[tuple[str, int], Sequence[Record]]


class Found(NamedTuple):
    """A violation as it must be found: which invariant, and the record that shows it."""

    invariant: int
    topic: str
    partition: int
    offset: int


class Doctored(NamedTuple):
    """One partition written again."""

    topic: str
    partition: int
    records: list[Record]
    expected: set[Found]
    """All that the verifier must find, by the positions in what was written again."""


class Line(NamedTuple):
    """A record, decoded."""

    record: Record
    kind: str
    event: Any
    """The member of the oneof that is set; the whole message where its fields lie beside the oneof."""

    @property
    def message_id(self) -> str:
        """The message that it is about; empty for none."""
        facts = getattr(self.event, "facts", None)
        return str(facts.message_id if facts is not None else getattr(self.event, "message_id", ""))

    def found(self, invariant: int, moved: int = 0) -> Found:
        """A violation that this record shows, ``moved`` places further on."""
        place = self.record
        return Found(invariant, place.topic, place.partition, place.offset + moved)


BESIDE = ("ledger", "statuses", "consents")
"""Topics whose events lie beside the fields of the message."""


class Run:
    """A run of the stages, to look things up in."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics

    def lines(self, name: str, *kinds: str) -> Iterator[Line]:
        """Records of a topic, decoded, partition by partition."""
        for (held_by, _), records in sorted(self.topics.items()):
            if held_by == name:
                for record in records:
                    line = decoded(record)
                    if line is not None and (not kinds or line.kind in kinds):
                        yield line

    def about(self, name: str, message_id: str, *kinds: str) -> Line:
        """The first record about a message. Raises ``StopIteration`` when there is none."""
        return next(line for line in self.lines(name, *kinds) if line.message_id == message_id)

    def has(self, name: str, message_id: str, *kinds: str) -> bool:
        """Whether there is a record about a message."""
        return any(line.message_id == message_id for line in self.lines(name, *kinds))

    def after(self, line: Line, same_key: bool = True) -> Line:
        """The next record of the same partition, and key."""
        record = line.record
        for each in self.topics[record.topic, record.partition][record.offset + 1 :]:
            follower = decoded(each)
            if follower is not None and (not same_key or each.key == record.key):
                return follower
        raise LookupError(f"nothing follows {record}")

    def partition_of(self, line: Line) -> list[Record]:
        """A copy of the partition that the record lies in."""
        return list(self.topics[line.record.topic, line.record.partition])


def decoded(record: Record) -> Line | None:
    """What a record says; None for a tombstone."""
    if record.value is None:
        return None
    message: Any = topic(record.topic).message.FromString(record.value)
    kind = message.WhichOneof("event")
    return Line(record, kind, message if record.topic in BESIDE else getattr(message, kind))


def dropped(run: Run, line: Line, *expected: Found) -> Doctored:
    """A line is missing."""
    records = run.partition_of(line)
    del records[line.record.offset]
    return written_again(records, *expected)


def doubled(run: Run, line: Line, *expected: Found) -> Doctored:
    """A line is there twice, the second at the end."""
    records = run.partition_of(line)
    records.append(line.record)
    return written_again(records, *expected)


def moved(run: Run, line: Line, before: Line, *expected: Found) -> Doctored:
    """A line is written earlier than it was."""
    records = run.partition_of(line)
    records.insert(before.record.offset, records.pop(line.record.offset))
    return written_again(records, *expected)


def edited(run: Run, line: Line, change: Callable[[Any], None], *expected: Found) -> Doctored:
    """A line says something else. ``change`` changes its whole message in place."""
    records = run.partition_of(line)
    records[line.record.offset] = changed(line.record, change)
    return written_again(records, *expected)


def changed(record: Record, change: Callable[[Any], None]) -> Record:
    """The record with its message changed."""
    message: Message = topic(record.topic).message.FromString(record.value or b"")
    change(message)
    return record._replace(value=message.SerializeToString())


def written_again(records: Sequence[Record], *expected: Found) -> Doctored:
    """The records at the offsets that they get when they are written again."""
    renumbered = [record._replace(offset=offset) for offset, record in enumerate(records)]
    return Doctored(records[0].topic, records[0].partition, renumbered, set(expected))


def chained_again(records: Sequence[Record]) -> list[Record]:
    """Ledger entries with sequence, hash and balance made to fit: the work of somebody who knows how."""
    heads: dict[str, tuple[int, str, int]] = {}
    again = []
    for record in records:
        entry = ledger_pb2.LedgerEntry.FromString(record.value or b"")
        sequence, previous_hash, balance = heads.get(entry.business_id, (0, "0" * 64, 0))
        before = entry.sequence
        entry.sequence, entry.previous_hash = sequence + 1, previous_hash
        entry.balance.micros = balance + entry.amount.micros
        again.append((before, record, entry))
        heads[entry.business_id] = (entry.sequence, "", entry.balance.micros)
        value = _pointing(entry, again).SerializeToString()
        heads[entry.business_id] = (entry.sequence, sha256(value).hexdigest(), entry.balance.micros)
    return [record._replace(value=entry.SerializeToString()) for _, record, entry in again]


def _pointing(
    entry: ledger_pb2.LedgerEntry, again: Sequence[tuple[int, Record, ledger_pb2.LedgerEntry]]
) -> ledger_pb2.LedgerEntry:
    """A closing entry points at where its authorization is now."""
    kind = entry.WhichOneof("event")
    if kind in ("captured", "voided"):
        for _, _, earlier in again:
            if earlier.message_id == entry.message_id and earlier.WhichOneof("event") == "authorized":
                getattr(entry, kind).authorized_sequence = earlier.sequence
    return entry
