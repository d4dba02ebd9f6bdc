"""What a test asks of the cluster that it runs on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from services.contracts.catalogue import topic
from services.runtime.log import Log
from services.runtime.record import Record

PARTITIONS = 2
INPUT = replace(topic("intake"), partitions=PARTITIONS)
OUTPUT = replace(topic("dispatch"), partitions=PARTITIONS)
CHANGELOG = replace(topic("consent-changelog"), partitions=PARTITIONS)
TOPICS = (INPUT, OUTPUT, CHANGELOG)
STAGE = "consent"
WAIT_SECONDS = 30.0
REST_SECONDS = 3.0
"""Two heartbeats: a rebalance that is wanted has been by then."""

Answer = TypeVar("Answer")


class Listener:
    """Follows an assignment without state: begins each partition at its start, or where ``begin_at`` says."""

    def __init__(self, begin_at: Mapping[int, int] | None = None) -> None:
        self._begin_at = begin_at or {}
        self.owned: set[int] = set()
        self.events: list[tuple[str, tuple[int, ...]]] = []

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        self.owned |= set(partitions)
        self.events.append(("assigned", tuple(partitions)))
        return {partition: self._begin_at.get(partition, 0) for partition in partitions}

    def revoked(self, partitions: Sequence[int]) -> None:
        self.owned -= set(partitions)
        self.events.append(("revoked", tuple(sorted(partitions))))

    def lost(self, partitions: Sequence[int]) -> None:
        self.owned -= set(partitions)
        self.events.append(("lost", tuple(sorted(partitions))))


class Site(Protocol):
    """A cluster with the topics INPUT, OUTPUT and CHANGELOG, of the test's own."""

    def log(self, ordinal: int = 0) -> Log:
        """The log of one more process of the stage."""
        ...

    def now_ms(self) -> int:
        """The cluster's time."""
        ...

    def write(self, partition: int, key: bytes, at_ms: int | None = None) -> None:
        """Write one record to the input, from outside; at most refused."""
        ...

    def retain_from(self, partition: int, offset: int) -> None:
        """Let retention remove the input's older records."""
        ...

    def outputs(self, partition: int) -> list[bytes]:
        """Keys of the committed records of OUTPUT, up to the last stable offset."""
        ...

    def written(self, partition: int) -> int:
        """How many records and markers OUTPUT has, those of open transactions included."""
        ...

    def expel(self, log: Log) -> None:
        """Have the group drop the member that is behind ``log``, as when its heartbeats were missed."""
        ...

    def silence(self, log: Log) -> None:
        """Nothing that the process behind ``log`` says arrives any more."""
        ...

    def let_speak(self, log: Log) -> None:
        """It is heard again."""
        ...

    def lose_commit(self, log: Log, *, arrives: bool) -> None:
        """The next commit of ``log`` gets no answer, whether it ``arrives`` or not, and nothing after it."""
        ...

    def compact(self, partition: int, until: Callable[[], bool]) -> None:
        """Have the changelog compacted, its active segment aside, until something holds."""
        ...

    def poll_while(self, log: Log, action: Callable[[], object], until: Callable[[], bool]) -> list[Record]:
        """Poll once for what is there; ``action`` comes in between, and lasts until something holds."""
        ...

    def while_it_waits(self, question: Callable[[], Answer], action: Callable[[], object]) -> Answer:
        """Ask, see that the answer does not come, do ``action``, and return the answer then."""
        ...

    def settle(self, logs: Sequence[Log], until: Callable[[], bool]) -> list[Record]:
        """Poll all logs until something holds; returns what they gave. Fails when it never does."""
        ...

    def rest(self, logs: Sequence[Log]) -> None:
        """Poll all logs for longer than a rebalance takes."""
        ...

    def until(self, holds: Callable[[], bool]) -> None:
        """Let time pass until something holds, polling nothing. Fails when it never does."""
        ...

    def died(self, log: Log) -> None:
        """Take the process behind ``log`` for dead: nobody is going to close it."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...
