"""The log port: Kafka as one stage sees it. One implementation talks to brokers, one is a model in memory.

One stage reads one input topic, keeps one changelog and writes in transactions. Everything is synchronous and
meant for one thread. Topics are named as declared, without the platform's prefix; only a :class:`Record`
carries the full name.

The order of calls: ``subscribe`` once; then again and again ``poll``, and for a batch ``begin``,
``produce``, ``send_offsets``, ``commit``; at the end ``close``. Callbacks run inside ``poll`` and ``close``
alone, never inside a transaction.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import NamedTuple, Protocol

from services.contracts.headers import Headers
from services.runtime.record import Record


class LogError(Exception):
    """The log could not do what was asked."""


class LogUnavailable(LogError):
    """No broker answered in time, and nothing was changed. Asking again may help."""


class TransactionFailed(LogError):
    """The open transaction cannot be committed, for a reason that passes: abort, rewind, try again."""


class RecordRejected(LogError):
    """A record of the open transaction is refused for what it is, such as its size.

    Abort and rewind; the same transaction will be refused again.
    """


class OutcomeUnknown(LogError):
    """Whether the transaction is committed cannot be told: exit without touching the store."""


class Fenced(LogError):
    """Another process has taken this one's place, or a client is broken for good: exit likewise."""


class InputLost(LogError):
    """The input's records at the wanted offset are gone, or were never there."""


class TopicMissing(LogError):
    """A topic that the stage needs does not exist, or not as it is declared."""


class ChangelogTopic(NamedTuple):
    """What tells one changelog from another of the same name."""

    cluster_id: str
    topic_id: str
    """Given by Kafka at creation: a topic made anew has another."""
    delete_retention_ms: int
    """How long a tombstone can still be read after compaction."""


class ChangelogRecord(NamedTuple):
    """One committed record of a changelog."""

    key: bytes
    value: bytes | None
    """None: the key is deleted."""


class ChangelogPiece(NamedTuple):
    """What one read of a changelog brought."""

    records: list[ChangelogRecord]
    next_offset: int
    """Where the next piece begins: past the records, and the markers and aborted records among them."""


class AssignmentListener(Protocol):
    """Who is told which input partitions are ours. Called inside ``poll`` and ``close``.

    What a callback raises comes out of that ``poll`` or ``close``.
    """

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """These partitions are added to ours. Returns for each the offset from which to read.

        May take as long as a restore, and may call ``committed``, ``input_start`` and the changelog methods.
        """
        ...

    def revoked(self, partitions: Sequence[int]) -> None:
        """These are about to be given to another member; no other has them before the callback returns."""
        ...

    def lost(self, partitions: Sequence[int]) -> None:
        """These were taken from us, and another member may have gone on with them."""
        ...


class Company(NamedTuple):
    """What records are given later for, together with others."""

    seconds: float
    """How long at most, from the call."""
    can_wait: Callable[[Headers], bool]
    """Whether a record with these headers can wait."""


class Log(Protocol):
    """Kafka as one stage sees it."""

    def subscribe(self, listener: AssignmentListener) -> None:
        """Join the group, after ending what an earlier process of the same ordinal left open.

        Blocks until a broker answers. Raises LogUnavailable, Fenced, TopicMissing.
        """
        ...

    def poll(
        self, max_records: int, timeout_seconds: float, company: "Company | None" = None
    ) -> list[Record]:
        """Committed input records that follow those already given, in order per partition.

        Returns at once with what is there, at most ``max_records``; waits up to ``timeout_seconds`` for the
        first one, and may wait as long as ``company`` says while there is none but such as can wait. Runs
        callbacks. Never call it while a transaction is open. Raises InputLost, Fenced; a
        broker out of reach is no error but looks like silence (see ``reachable``).
        """
        ...

    def rewind(self, next_offsets: Mapping[int, int]) -> None:
        """Give the records from these offsets on again; partitions that are not ours are left out."""
        ...

    def caught_up(self, partition: int) -> bool:
        """Whether ``poll`` has seen the end of the partition's committed records, and nothing since."""
        ...

    def lag(self, partition: int) -> int:
        """Committed records not yet given, about: markers are counted, and it may be a second old."""
        ...

    def reachable(self) -> bool:
        """Whether brokers have answered lately, as far as is known without asking."""
        ...

    def begin(self) -> None:
        """Open a transaction. Raises TransactionFailed, Fenced."""
        ...

    def produce(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
    ) -> None:
        """Put one record into the open transaction. Does not wait for the broker, unless its buffer is full.

        Raises RecordRejected, TransactionFailed, Fenced, TopicMissing.
        """
        ...

    def produce_meta(self, partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        """Put a meta record into the open transaction, the last one for its changelog partition.

        Raises as ``produce`` does.
        """
        ...

    def send_offsets(self, next_offsets: Mapping[int, int]) -> None:
        """Put the input offsets into the open transaction, as the member that the last ``poll`` left us.

        The broker refuses them if that member no longer has its place in the group. Raises TransactionFailed,
        Fenced.
        """
        ...

    def commit(self) -> Mapping[int, int]:
        """Commit, and block until the broker says so.

        Returns, for each partition that got a meta record, the changelog's offset after it. Raises
        TransactionFailed or RecordRejected (certainly not committed: abort), OutcomeUnknown, Fenced,
        TopicMissing.
        """
        ...

    def abort(self) -> None:
        """Abort the open transaction. Raises Fenced or OutcomeUnknown when that fails."""
        ...

    def append(self, partition: int, key: bytes, value: bytes, timestamp_ms: int, headers: Headers) -> None:
        """Write one record to our input, outside any transaction. Does not wait; the record may get lost."""
        ...

    def committed(self, partition: int) -> int | None:
        """The group's offset, None if there is none; waits for a transaction that is about to write it.

        Raises LogUnavailable.
        """
        ...

    def input_start(self, partition: int) -> int:
        """Offset of the oldest record that the input still has. Raises LogUnavailable."""
        ...

    def changelog(self) -> ChangelogTopic:
        """Which changelog this is. Raises LogUnavailable, TopicMissing."""
        ...

    def changelog_end(self, partition: int) -> int:
        """Offset after the last record, those of open transactions included (read uncommitted).

        Raises LogUnavailable.
        """
        ...

    def read_changelog(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
        """Committed records from ``start`` on, without end: close the iterator when done.

        At the last stable offset it waits for about 0.1 s and then gives an empty piece. A ``start`` that
        compaction has removed stands for the next record there is. One reader at a time. Raises
        LogUnavailable; InputLost if ``start`` lies past the end.
        """
        ...

    def close(self) -> None:
        """Leave: an open transaction is aborted. The member's place in the group is kept for its return."""
        ...
