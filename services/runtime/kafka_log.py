"""The log port on real brokers, by librdkafka."""

from collections.abc import Generator, Mapping
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from services.contracts.catalogue import Topic
from services.contracts.headers import Headers
from services.runtime import kafka_errors, kafka_settings
from services.runtime.group_members import group_members
from services.runtime.kafka_assignment import KafkaAssignment
from services.runtime.kafka_changelog import ANSWER_SECONDS, KafkaChangelog
from services.runtime.kafka_complaints import Complaints, is_of_reach
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_errors import error_of
from services.runtime.kafka_input import KafkaInput
from services.runtime.kafka_settings import ClientChoices, StageIdentity
from services.runtime.kafka_transactions import KafkaTransactions
from services.runtime.log import (
    AssignmentListener,
    ChangelogPiece,
    ChangelogTopic,
    Company,
    LogUnavailable,
    TransactionFailed,
)
from services.runtime.record import Record
from services.runtime.unowned import UnownedWatch

PROBE_SECONDS = 0.5
PLACE_SECONDS = 1.5
"""How long the group may take to say who is in it; all of it passes where one of several brokers is gone."""
LOST_PLACE = "this member has lost its place in the group"

log = structlog.get_logger()


class KafkaLog:
    """One stage's view of a Kafka cluster. For one thread."""

    def __init__(
        self,
        connection: KafkaConnection,
        identity: StageIdentity,
        input_topic: Topic,
        changelog: Topic,
        choices: ClientChoices = ClientChoices(),  # noqa: B008 - an immutable tuple
    ) -> None:
        """Make the clients; none is connected before ``subscribe`` asks something of it."""
        self._complaints = Complaints()
        common = kafka_settings.common(connection, identity, self._complaints.hear)
        self._prefix = identity.prefix
        self._input = identity.prefix + input_topic.name
        changelog_topic = identity.prefix + changelog.name
        consumer = kafka_settings.input_consumer(identity, choices.group_protocol)
        self._consumer = Consumer({**common, **consumer})
        self._transactions = KafkaTransactions(
            {
                **common,
                **kafka_settings.transactional_producer(identity, choices.compression),
                "error_cb": self._producer_complaint,
            },
            changelog_topic,
        )
        self._ticks = Producer({**common, **kafka_settings.tick_producer()})
        self._group = identity.group
        self._admin = AdminClient(common)
        self._changelog = KafkaChangelog(
            changelog_topic,
            self._admin,
            {**common, **kafka_settings.changelog_consumer(identity)},
        )
        self._assignment = KafkaAssignment(self._consumer, self._input)
        self._records = KafkaInput(self._consumer, self._assignment, self._input, self._complaints)
        self._unowned = UnownedWatch(self._admin, identity, input_topic.partitions)
        self._topics: dict[str, str] = {}
        self._group_metadata: Any = None

    # Reading

    def subscribe(self, listener: AssignmentListener) -> None:
        self._transactions.initialize()
        self._complaints.reachable = True
        self._assignment.subscribe(listener)
        self._unowned.start()

    def poll(self, max_records: int, timeout_seconds: float, company: Company | None = None) -> list[Record]:
        self._ticks.poll(0)
        self._transactions.serve()
        if not self._complaints.reachable:
            self._ask_for_brokers()
        if self._unowned.wants_rejoin():
            self._rejoin()
        records = self._records.poll(max_records, timeout_seconds, company)
        if records:
            self._complaints.reachable = True
            self._group_metadata = self._consumer.consumer_group_metadata()
        return records

    def rewind(self, next_offsets: Mapping[int, int]) -> None:
        self._assignment.rewind(next_offsets)

    def caught_up(self, partition: int) -> bool:
        return self._assignment.caught_up(partition)

    def lag(self, partition: int) -> int:
        return self._assignment.lag(partition)

    def reachable(self) -> bool:
        return self._complaints.reachable

    # Writing

    def begin(self) -> None:
        if self._transactions.takes_over:
            self._require_place()
        try:
            self._transactions.begin()
        except LogUnavailable as unavailable:
            raise TransactionFailed(str(unavailable)) from unavailable

    def produce(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
    ) -> None:
        name = self._topics.get(topic)
        if name is None:
            name = self._topics[topic] = self._prefix + topic
        self._transactions.produce(name, partition, key, value, timestamp_ms, headers)

    def produce_meta(self, partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        self._transactions.produce_meta(partition, key, value, timestamp_ms)

    def send_offsets(self, next_offsets: Mapping[int, int]) -> None:
        # A member that is out of the group has no id, and the broker lets offsets without a member pass.
        if not self._consumer.memberid():
            raise TransactionFailed(LOST_PLACE)
        offsets = [TopicPartition(self._input, *each) for each in next_offsets.items()]
        self._transactions.send_offsets(offsets, self._group_metadata)

    def commit(self) -> Mapping[int, int]:
        return self._transactions.commit()

    def abort(self) -> None:
        self._transactions.abort()

    def append(self, partition: int, key: bytes, value: bytes, timestamp_ms: int, headers: Headers) -> None:
        try:
            self._ticks.produce(
                self._input,
                value,
                key,
                partition,
                self._note_tick,
                timestamp=timestamp_ms,
                headers=[*headers],
            )
        except BufferError:
            log.warning("a tick is dropped", partition=partition)

    # Where things stand

    def committed(self, partition: int) -> int | None:
        try:
            # Read committed: waits for a transaction that has written this offset and is not at its end.
            (place,) = self._consumer.committed([TopicPartition(self._input, partition)], ANSWER_SECONDS)
        except KafkaException as failure:
            raise kafka_errors.of_question(error_of(failure)) from failure
        if place.error is not None:
            raise LogUnavailable(str(place.error))
        return place.offset if place.offset >= 0 else None

    def input_start(self, partition: int) -> int:
        return self._changelog.start_of(self._input, partition)

    def changelog(self) -> ChangelogTopic:
        return self._changelog.identity()

    def changelog_end(self, partition: int) -> int:
        return self._changelog.end(partition)

    def read_changelog(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
        return self._changelog.read(partition, start)

    def close(self) -> None:
        self._unowned.stop()
        self._transactions.close()
        self._consumer.close()
        self._assignment.raise_pending()
        self._ticks.flush(1)

    # Inside

    def _rejoin(self) -> None:
        try:
            self._assignment.rejoin()
        except KafkaException as failure:  # of a consumer that is of no use any more
            raise kafka_errors.of_lost_membership(error_of(failure)) from failure

    def _require_place(self) -> None:
        """Raises TransactionFailed when our place is lost: who takes the transactional id fences its owner.

        So a process that stood still, was replaced and goes on does not end the one in its place. When no
        broker can tell, it may: that one is started again.
        """
        member = self._consumer.memberid()
        try:
            ids = group_members(self._admin, self._group, PLACE_SECONDS).ids
        except KafkaException:
            return
        if ids and member not in ids:
            raise TransactionFailed(LOST_PLACE)

    def _ask_for_brokers(self) -> None:
        try:
            self._consumer.list_topics(self._input, PROBE_SECONDS)
        except KafkaException:
            return
        self._complaints.reachable = True

    def _producer_complaint(self, error: KafkaError) -> None:
        if is_of_reach(error):
            self._transactions.shaken()
        self._complaints.hear(error)

    def _note_tick(self, error: KafkaError | None, _: Any) -> None:
        # The next one is a second away. But a clock that is ahead of the brokers' has all of them refused.
        if error is not None:
            self._complaints.hear(error)
