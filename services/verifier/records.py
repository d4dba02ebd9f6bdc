"""What the verifier reads: records of topics, up to a consistent cut."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

ORDER = (
    "dead-letters",
    "ledger",
    "statuses",
    "outbox",
    "consents",
    "inbox",
    "windows",
    "usage",
    "dispatch",
    "screened",
    "intake",
    "settings",
)
"""Downstream first: the order in which a cut asks where topics end.

Whatever is read downstream then has its cause in what is read upstream, because the cause was committed
before its effect, and so before the end upstream was asked for. The other way round, records that ran
through the platform between two questions would look like effects without a cause. usage and dispatch feed
each other, so no order serves both: what a cut leaves open is judged after the next one.
"""


class Place(NamedTuple):
    """Where a record lies. ``topic`` is without the platform's prefix."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


Headers = Sequence[tuple[str, bytes]]


class LogRecord(NamedTuple):
    """One committed record."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """Record time: milliseconds since the Unix epoch, UTC."""
    key: bytes
    value: bytes | None
    headers: Headers = ()
    """Only where they were asked for."""

    @property
    def place(self) -> Place:
        """Where it lies."""
        return Place(self.topic, self.partition, self.offset)


TopicPartition = tuple[str, int]


class Span(NamedTuple):
    """The offsets of one partition that can be read."""

    start: int
    """The oldest record that retention has left."""
    end: int
    """After the newest committed record that belongs to the cut."""


Cut = Mapping[TopicPartition, Span]
"""Where each partition begins and ends; what lies behind the ends is not looked at."""


class Source(Protocol):
    """Topics of a cluster, of a dump, or of a model of Kafka."""

    @property
    def identity(self) -> str:
        """Names the topics, so that what was found in others is not mistaken for what is here."""
        ...

    def cut(self) -> Cut:
        """Where the topics end now, asked for in :data:`ORDER`. Blocks while a transaction is open."""
        ...

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:
        """Committed records from ``positions`` (the start where none is given) to the end of the cut.

        Each partition comes in order, each batch is of one topic, and partitions keep about the same pace in
        record time, so that the records of a message come close together.
        """
        ...
