"""The log port on the model."""

from collections.abc import Callable, Generator, Mapping

from services.contracts.catalogue import Topic
from services.contracts.headers import Headers
from services.runtime.log import (
    AssignmentListener,
    ChangelogPiece,
    ChangelogRecord,
    ChangelogTopic,
    Company,
    Fenced,
    InputLost,
    LogUnavailable,
    OutcomeUnknown,
    RecordRejected,
    TransactionFailed,
)
from services.runtime.record import Record
from tests.simulation.kafka_model.cluster import (
    DELETE_RETENTION_MS,
    PREFIX,
    AheadOfTheClock,
    ModelCluster,
)
from tests.simulation.kafka_model.groups import Group, Member
from tests.simulation.kafka_model.partition_log import Fate, PartitionLog, Transaction
from tests.simulation.kafka_model.trouble import CommitFate, NoTrouble

PIECE_RECORDS_MAX = 500
ANSWER_MS = 10_000
"""How long a question waits for its answer."""


class ModelLog:
    """One process's view of the model."""

    def __init__(
        self,
        cluster: ModelCluster,
        stage: str,
        ordinal: int,
        input_topic: Topic,
        changelog: Topic,
        trouble: NoTrouble | None = None,
    ) -> None:
        self._cluster = cluster
        self._id = f"{stage}-{ordinal}"
        self._stage = stage
        self._input = input_topic.name
        self._record_topic = PREFIX + input_topic.name
        self._changelog = changelog.name
        self._trouble = trouble or NoTrouble()
        self._group: Group = cluster.group(stage, input_topic.name)
        self._generation = 0
        self._follows = -1
        self._positions: dict[int, int] = {}
        self._at_end: set[int] = set()
        self._transaction: Transaction | None = None
        self._metas: dict[int, int] = {}
        self._epoch = 0
        self._spoilt = False
        self.member: Member | None = None

    # Reading

    def subscribe(self, listener: AssignmentListener) -> None:
        self._listener = listener
        self._epoch = self._cluster.coordinator.initialize(self._id)
        self.member = self._group.join(self._id, self._cluster.now_ms)

    def poll(
        self,
        max_records: int,
        timeout_seconds: float,
        company: Company | None = None,  # noqa: ARG002 - in the model none comes while one waits
    ) -> list[Record]:
        deadline_ms = self._cluster.now_ms + int(timeout_seconds * 1_000)
        while True:
            self._follow_group()
            records = self._fetch(max_records)
            if records or self._cluster.now_ms >= deadline_ms:
                break
            self._cluster.background()
        if records:
            self._generation = self._group.generation
        return records

    def rewind(self, next_offsets: Mapping[int, int]) -> None:
        for partition, offset in next_offsets.items():
            if partition in self._positions and self._positions[partition] != offset:
                self._positions[partition] = offset
                self._at_end.discard(partition)

    def caught_up(self, partition: int) -> bool:
        return partition in self._at_end

    def lag(self, partition: int) -> int:
        if partition in self._at_end or partition not in self._positions:
            return 0
        log = self._cluster.partition(self._input, partition)
        return max(0, log.end - self._positions[partition])

    def reachable(self) -> bool:
        return True

    # Writing

    def begin(self) -> None:
        if self._trouble.shakes() or self._spoilt:
            self._renew_producer()
        self._transaction = self._cluster.coordinator.begin(self._id, self._epoch, self._cluster.now_ms)
        self._metas = {}

    def produce(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
    ) -> None:
        transaction = self._require_open()
        try:
            self._cluster.append(topic, partition, key, value, timestamp_ms, headers, transaction)
        except AheadOfTheClock as early:
            raise TransactionFailed(str(early)) from early

    def produce_meta(self, partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        transaction = self._require_open()
        offset = self._cluster.append(self._changelog, partition, key, value, timestamp_ms, [], transaction)
        self._metas[partition] = offset + 1

    def send_offsets(self, next_offsets: Mapping[int, int]) -> None:
        transaction = self._require_open()
        assert self.member is not None
        self._group.check(self.member, self._generation)
        for partition, offset in next_offsets.items():
            transaction.offsets[self._stage, partition] = offset

    def commit(self) -> Mapping[int, int]:
        self._require_open()
        if self._trouble.fails():
            raise TransactionFailed("the coordinator has moved")
        fate = self._trouble.of_commit()
        if fate is CommitFate.REQUEST_LOST:
            raise OutcomeUnknown("nobody answered, and the commit never arrived")
        self._cluster.coordinator.end(self._id, self._epoch, Fate.COMMITTED)
        self._transaction = None
        if fate is CommitFate.ANSWER_LOST:
            raise OutcomeUnknown("nobody answered, though the commit arrived")
        return self._metas

    def abort(self) -> None:
        self._require_open()
        self._transaction = None
        self._spoilt = True
        self._cluster.coordinator.end(self._id, self._epoch, Fate.ABORTED)

    def append(self, partition: int, key: bytes, value: bytes, timestamp_ms: int, headers: Headers) -> None:
        for _ in range(self._trouble.times_appended()):
            try:
                self._cluster.append(self._input, partition, key, value, timestamp_ms, headers)
            except (RecordRejected, AheadOfTheClock):
                return  # nobody waits for the answer

    # Where things stand

    def committed(self, partition: int) -> int | None:
        deadline_ms = self._cluster.now_ms + ANSWER_MS
        while self._cluster.coordinator.pending_offset(self._stage, partition):
            if self._cluster.now_ms >= deadline_ms:
                raise LogUnavailable("the group's offset is not decided")
            self._cluster.background()
        return self._group.offsets.get(partition)

    def input_start(self, partition: int) -> int:
        return self._cluster.partition(self._input, partition).start

    def changelog(self) -> ChangelogTopic:
        return ChangelogTopic(self._cluster.cluster_id, f"id-of-{self._changelog}", DELETE_RETENTION_MS)

    def changelog_end(self, partition: int) -> int:
        return self._cluster.partition(self._changelog, partition).end

    def read_changelog(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
        log = self._cluster.partition(self._changelog, partition)
        if start > log.end:
            raise InputLost(f"{self._changelog}/{partition} ends at {log.end}, before {start}")
        reached = start
        while True:
            records, reached = _piece(log, reached)
            if not records:
                self._cluster.background()
            yield ChangelogPiece(records, reached)

    def close(self) -> None:
        try:
            if self._transaction is not None:
                self.abort()
            if self._positions:
                self._let_go(set(self._positions), self._listener.revoked)
        finally:
            if self.member is not None:
                self.member.silent = True

    # Inside

    def _renew_producer(self) -> None:
        """As the real log does after each abort and each break of a connection, if it is still a member."""
        assert self.member is not None, "not subscribed"
        if not self._group.is_member(self.member):
            raise TransactionFailed("this member has lost its place in the group")
        self._epoch = self._cluster.coordinator.initialize(self._id)
        self._spoilt = False

    def _require_open(self) -> Transaction:
        assert self._transaction is not None, "no transaction is open"
        self._cluster.coordinator.require_open(self._id, self._epoch)
        return self._transaction

    def _fetch(self, max_records: int) -> list[Record]:
        records: list[Record] = []
        for partition in self._with_news():
            log, position = self._cluster.partition(self._input, partition), self._positions[partition]
            if position < log.start or position > log.end:
                raise InputLost(f"{self._input}/{partition} has nothing at {position}")
            for offset, key, value, timestamp_ms, headers, _ in log.committed(position):
                if len(records) == max_records:
                    self._at_end.discard(partition)
                    return records
                self._positions[partition] = offset + 1
                records.append(
                    Record(self._record_topic, partition, offset, key, value, timestamp_ms, [*headers])
                )
            # Past markers and what was aborted, as far as all is decided.
            self._positions[partition] = log.last_stable_offset
            self._at_end.add(partition)
        return records

    def _with_news(self) -> list[int]:
        """Our partitions in which something may lie beyond our position, in any order."""
        log_of, topic = self._cluster.logs, self._input
        news = [
            number for number, position in self._positions.items() if log_of[topic, number].end != position
        ]
        if len(news) < len(self._positions):
            self._at_end.update(self._positions.keys() - news)
        if len(news) > 1:
            self._cluster.random.shuffle(news)
        return news

    def _follow_group(self) -> None:
        member, group = self.member, self._group
        assert member is not None, "not subscribed"
        if member.fenced:
            raise Fenced(f"{self._id} is another process now")
        if not group.is_member(member):
            if member.owned:
                self._let_go(set(member.owned), self._listener.lost)
            group.rejoin(member, self._cluster.now_ms)
        if group.wants_rejoin(member, self._cluster.now_ms):
            # As the real log does: it looks at the group now and then.
            if member.owned:
                self._let_go(set(member.owned), self._listener.revoked)
            group.leave(member)
            group.rejoin(member, self._cluster.now_ms)
        if self._follows == group.assignments:
            return
        self._follows = group.assignments
        if revoked := group.to_revoke(member):
            self._let_go(revoked, self._listener.revoked)
        if assigned := group.to_assign(member):
            member.owned |= assigned
            self._positions.update(self._listener.assigned(sorted(assigned)))

    def _let_go(self, partitions: set[int], tell: Callable[[list[int]], None]) -> None:
        assert self.member is not None
        for partition in partitions:
            self._positions.pop(partition, None)
            self._at_end.discard(partition)
        tell(sorted(partitions))
        self._group.let_go(self.member, partitions)


def _piece(log: PartitionLog, start: int) -> tuple[list[ChangelogRecord], int]:
    records: list[ChangelogRecord] = []
    reached = start
    for entry in log.committed(start):
        records.append(ChangelogRecord(entry.key, entry.value))
        reached = entry.offset + 1
        if len(records) == PIECE_RECORDS_MAX:
            return records, reached
    return records, max(reached, log.last_stable_offset)
