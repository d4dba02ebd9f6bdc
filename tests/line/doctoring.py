"""Topics written again with one thing wrong, and what the verifier must find in them."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import chain, count
from typing import Any, NamedTuple

from google.protobuf.message import Message

from parley.billing.v1 import ledger_pb2, usage_pb2
from parley.runtime.v1 import runtime_pb2
from services.contracts.catalogue import topic
from services.contracts.headers import headers_for
from services.runtime.record import Record

Topics = Mapping[tuple[str, int], Sequence[Record]]


class Found(NamedTuple):
    """A violation as it must be found: which invariant, and the record that shows it."""

    invariant: int
    topic: str
    partition: int
    offset: int


class Doctored(NamedTuple):
    """Partitions written again, of one topic or of several that tell the same lie."""

    partitions: Topics
    expected: set[Found]
    """All that the verifier must find, by the positions in what was written again."""

    def in_place_of(self, topics: Topics) -> Topics:
        """The run's topics, with what was written again."""
        return {**topics, **self.partitions}

    @property
    def names(self) -> list[str]:
        """The topics that were written again."""
        return sorted({name for name, _ in self.partitions})


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

    def found(self, invariant: int) -> Found:
        """A violation that this record shows."""
        place = self.record
        return Found(invariant, place.topic, place.partition, place.offset)


BESIDE = ("ledger", "statuses", "consents", "windows", "settings")
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
        for each in self.topics[record.topic, record.partition][self.index(line) + 1 :]:
            follower = decoded(each)
            if follower is not None and (not same_key or each.key == record.key):
                return follower
        raise LookupError(f"nothing follows {record}")

    def partition_of(self, line: Line) -> list[Record]:
        """A copy of the partition that the record lies in."""
        return list(self.topics[line.record.topic, line.record.partition])

    def index(self, line: Line) -> int:
        """How many records lie before it in its partition; markers of transactions do not count."""
        records = self.topics[line.record.topic, line.record.partition]
        return bisect_left(records, line.record.offset, key=lambda record: record.offset)

    def moved(self, line: Line, invariant: int, by: int) -> Found:
        """A violation that is shown so many records further on."""
        records = self.topics[line.record.topic, line.record.partition]
        return line.found(invariant)._replace(offset=records[self.index(line) + by].offset)

    def moved_to(self, line: Line, index: int, invariant: int) -> Found:
        """A violation that is shown by what lies at an index of the partition of ``line``."""
        records = self.topics[line.record.topic, line.record.partition]
        return line.found(invariant)._replace(offset=records[index].offset)

    def follows(self, line: Line, *, same_key: bool) -> bool:
        """Whether anything follows in the partition, and key."""
        try:
            return self.after(line, same_key) is not None
        except LookupError:
            return False

    def behind(self, line: Line, invariant: int) -> Found:
        """A violation that a record shows which is appended to the partition of ``line``."""
        last = self.topics[line.record.topic, line.record.partition][-1]
        return line.found(invariant)._replace(offset=last.offset + 1)


Case = Callable[[Run], Doctored]
"""Doctors a run in one way."""


def decoded(record: Record) -> Line | None:
    """What a record says; None for a tombstone."""
    if record.value is None:
        return None
    message: Any = topic(record.topic).message.FromString(record.value)
    kind = message.WhichOneof("value" if record.topic == "settings" else "event")
    return Line(record, kind, message if record.topic in BESIDE else getattr(message, kind))


def dropped(run: Run, line: Line, *expected: Found) -> Doctored:
    """A line is missing. In usage a tick takes its place, since entries name the offsets of what follows."""
    records = run.partition_of(line)
    if line.record.topic == "usage":
        ticked = usage_pb2.UsageEvent(ticked=runtime_pb2.Ticked(at_ms=line.record.timestamp_ms))
        headers = headers_for(ticked, "ticked")
        tick = line.record._replace(key=b"", value=ticked.SerializeToString(), headers=headers)
        records[run.index(line)] = tick
    else:
        del records[run.index(line)]
    return written_again(run, records, *expected)


def doubled(run: Run, line: Line, invariant: int) -> Doctored:
    """A line is there twice, the second at the end, and that shows it."""
    records = [*run.partition_of(line), line.record]
    return written_again(run, records, run.behind(line, invariant))


def appended(run: Run, line: Line, change: Callable[[Any], None], invariant: int) -> Doctored:
    """A line that says something else is added at the end, and that shows it."""
    records = [*run.partition_of(line), changed(line.record, change)]
    return written_again(run, records, run.behind(line, invariant))


def moved(run: Run, line: Line, before: Line, *expected: Found) -> Doctored:
    """A line is written earlier than it was."""
    records = run.partition_of(line)
    records.insert(run.index(before), records.pop(run.index(line)))
    return written_again(run, records, *expected)


def misplaced(run: Run, line: Line, invariant: int) -> Doctored:
    """A line lies in another partition, behind what is there, and that shows it."""
    name, partition = line.record.topic, line.record.partition
    other, there = next(
        (place[1], records)
        for place, records in run.topics.items()
        if place[0] == name and place[1] != partition and records
    )
    moved_there = line.record._replace(partition=other, offset=there[-1].offset + 1)
    shown = Found(invariant, line.record.topic, other, moved_there.offset)
    return all_of(
        dropped(run, line),
        written_again(run, [*there, moved_there], shown),
    )


def edited(run: Run, line: Line, change: Callable[[Any], None], *expected: Found) -> Doctored:
    """A line says something else. ``change`` changes its whole message in place."""
    records = run.partition_of(line)
    records[run.index(line)] = changed(line.record, change)
    return written_again(run, records, *expected)


def changed(record: Record, change: Callable[[Any], None]) -> Record:
    """The record with its message changed."""
    message: Message = topic(record.topic).message.FromString(record.value or b"")
    change(message)
    return record._replace(value=message.SerializeToString())


def written_again(run: Run, records: Sequence[Record], *expected: Found) -> Doctored:
    """The records of a partition at the offsets that they get when they are written again, as before."""
    place = records[0].topic, records[0].partition
    before = [record.offset for record in run.topics[place]]
    offsets = chain(before, count(before[-1] + 1))
    again = [record._replace(offset=offset) for record, offset in zip(records, offsets, strict=False)]
    return Doctored({place: again}, set(expected))


def all_of(*parts: Doctored) -> Doctored:
    """Several partitions are written again."""
    partitions = {place: records for part in parts for place, records in part.partitions.items()}
    return Doctored(partitions, {found for part in parts for found in part.expected})


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
