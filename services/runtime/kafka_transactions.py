"""Transactions of one stage's process, by librdkafka."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from services.contracts.headers import Headers
from services.runtime import kafka_errors
from services.runtime.deadline import Deadline
from services.runtime.kafka_errors import error_of
from services.runtime.kafka_settings import TRANSACTION_MS, Settings
from services.runtime.log import Fenced, LogError, TransactionFailed

CALL_SECONDS = 10.0
COMMIT_SECONDS = 10.0
"""How long a commit may take; after that its outcome counts as unknown."""
STUCK_SECONDS = 8.0
"""How long the offsets may take: the broker has given up the transaction by then."""
RENEW_SECONDS = 5.0
"""A producer is renewed so often at most, however often connections break."""
BUFFER_FULL_SECONDS = TRANSACTION_MS / 1000
REPORT_SECONDS = 0.2
"""How long the report on a refused record is waited for, once the transaction is known to have failed."""

_FOLLOWS_ANOTHER = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})


class KafkaTransactions:
    """One transaction at a time. What its methods raise is said in the log port."""

    def __init__(self, settings: Settings, changelog: str) -> None:
        self._settings = settings
        self._changelog = changelog
        self._deadline = Deadline(STUCK_SECONDS)
        self._producer = Producer(settings)
        self._initialized = False
        self._initialized_at = 0.0
        self._shaken = False
        self._spoilt = False
        self._open = False
        self._watched = False
        self._refusal: KafkaError | None = None
        self._meta_offsets: dict[int, int] = {}

    def initialize(self) -> None:
        """End what an earlier process of this id left open. Raises LogUnavailable, Fenced."""
        try:
            # Asked for metadata first, it would find the coordinator at once instead of after half a second.
            # But one that was made while no broker answered may then wait for ever once they are back.
            self._producer.init_transactions(CALL_SECONDS)
        except KafkaException as failure:
            raise kafka_errors.of_question(error_of(failure)) from failure
        self._initialized = True
        # A broker that is down complains while a new producer looks for the others.
        self._producer.poll(0)
        self._shaken = self._spoilt = False
        self._initialized_at = time.monotonic()

    def shaken(self) -> None:
        """A connection broke: begin the next transaction with a new producer.

        A producer remembers where the group's coordinator was, and waits there for ever once that broker has
        left the cluster (confluentinc/librdkafka 5511).
        """
        self._shaken = True

    def serve(self) -> None:
        """Let librdkafka report what happened to it."""
        self._producer.poll(0)

    @property
    def takes_over(self) -> bool:
        """Whether the next ``begin`` takes the transactional id over, from whoever has it."""
        rested = time.monotonic() - self._initialized_at > RENEW_SECONDS
        return not self._initialized or self._spoilt or (self._shaken and rested)

    def begin(self) -> None:
        try:
            if self.takes_over and self._initialized:
                self._producer = Producer(self._settings)
                self._initialized = False
            if not self._initialized:
                self.initialize()
            self._producer.begin_transaction()
        except KafkaException as failure:
            raise kafka_errors.in_transaction(error_of(failure)) from failure
        self._open = True
        self._meta_offsets = {}
        self._refusal = None

    def produce(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers,
    ) -> None:
        on_delivery = self._note_refusal if self._watched else None
        self._produce(topic, value, key, partition, on_delivery, timestamp_ms, headers)

    def produce_meta(self, partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        self._produce(self._changelog, value, key, partition, self._note_meta, timestamp_ms, [])

    def send_offsets(self, offsets: list[TopicPartition], group_metadata: Any) -> None:
        try:
            with self._deadline("sending the input offsets"):
                self._producer.send_offsets_to_transaction(offsets, group_metadata, CALL_SECONDS)
        except KafkaException as failure:
            raise self._failed(kafka_errors.in_transaction(error_of(failure))) from failure

    def commit(self) -> Mapping[int, int]:
        deadline = time.monotonic() + COMMIT_SECONDS
        while True:
            try:
                self._producer.commit_transaction(max(0.0, deadline - time.monotonic()))
            except KafkaException as failure:
                error = error_of(failure)
                if error.retriable() and not error.txn_requires_abort() and time.monotonic() < deadline:
                    continue
                raise self._failed(kafka_errors.of_commit(error)) from failure
            break
        self._open = False
        self._watched = False
        return self._meta_offsets

    def abort(self) -> None:
        self._open = False
        # Records that were purged have left gaps in the producer's sequence numbers: its next transaction may
        # be refused for that ("skipped sequence numbers"), or wait for five seconds and then fail.
        self._spoilt = True
        try:
            self._producer.abort_transaction(CALL_SECONDS)
        except KafkaException as failure:
            raise Fenced(f"the transaction cannot be aborted: {error_of(failure).str()}") from failure

    def close(self) -> None:
        if self._open:
            self.abort()

    def _produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes,
        partition: int,
        on_delivery: Callable[[KafkaError | None, Any], None] | None,
        timestamp_ms: int,
        headers: Any,
    ) -> None:
        try:
            self._producer.produce(
                topic, value, key, partition, on_delivery, timestamp=timestamp_ms, headers=headers
            )
        except BufferError:
            if self._producer.flush(BUFFER_FULL_SECONDS):
                raise TransactionFailed("the broker takes nothing in") from None
            self._produce(topic, value, key, partition, on_delivery, timestamp_ms, headers)
        except KafkaException as failure:
            raise self._failed(kafka_errors.in_transaction(error_of(failure))) from failure

    def _failed(self, error: LogError) -> LogError:
        """The same, or what is known of the record that the broker refused.

        Reports of every record cost too much for every day: they are asked for while the transaction before
        has failed. A record that is refused while others are still being produced fails those with no word of
        why, and its report has not been served yet.
        """
        if not isinstance(error, TransactionFailed):
            return error
        deadline = time.monotonic() + REPORT_SECONDS if self._watched else 0.0
        while self._refusal is None and (left := deadline - time.monotonic()) > 0:
            self._producer.poll(left)
        self._watched = True
        return error if self._refusal is None else kafka_errors.in_transaction(self._refusal)

    def _note_refusal(self, error: KafkaError | None, _: Any) -> None:
        if error is not None and self._refusal is None and error.code() not in _FOLLOWS_ANOTHER:
            self._refusal = error

    def _note_meta(self, error: KafkaError | None, message: Any) -> None:
        if error is None:
            self._meta_offsets[message.partition()] = message.offset() + 1
        else:
            self._note_refusal(error, message)
