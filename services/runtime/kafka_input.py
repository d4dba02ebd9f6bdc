"""The records of a stage's input, as one member of its group is given them."""

import time
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException

from services.runtime import kafka_errors
from services.runtime.kafka_assignment import KafkaAssignment
from services.runtime.kafka_complaints import Complaints
from services.runtime.kafka_errors import error_of
from services.runtime.log import Company, InputLost
from services.runtime.record import Record

_LOST = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})


class KafkaInput:
    """Reads for one log. For one thread; callbacks of a rebalance run inside ``poll``."""

    def __init__(
        self, consumer: Consumer, assignment: KafkaAssignment, topic: str, complaints: Complaints
    ) -> None:
        """`topic` is the Kafka topic, prefix included."""
        self._consumer = consumer
        self._assignment = assignment
        self._topic = topic
        self._complaints = complaints

    def poll(self, max_records: int, timeout_seconds: float, company: Company | None = None) -> list[Record]:
        """As the log port says."""
        called = time.monotonic()
        messages = self._consume(max_records, 0)
        if not messages and timeout_seconds > 0:
            messages = self._consume(1, timeout_seconds)
            if messages and max_records > 1:
                self._add_more(messages, max_records - 1)
        if company is not None and any(each.error() is None for each in messages):
            self._wait_for_company(messages, max_records, company, called + company.seconds)
        return self._records(messages)

    def _consume(self, count: int, timeout_seconds: float) -> list[Any]:
        try:
            messages = self._consumer.consume(count, timeout_seconds)
        except KafkaException as failure:
            raise kafka_errors.of_question(error_of(failure)) from failure
        finally:
            self._assignment.raise_pending()
        self._complaints.raise_fatal()
        return messages

    def _add_more(self, messages: list[Any], count: int, timeout_seconds: float = 0) -> list[Any]:
        """Add what is there besides, and drop what was taken away meanwhile. Returns what was added."""
        let_go = self._assignment.let_go
        let_go.clear()
        more = self._consume(count, timeout_seconds)
        messages[:] = [each for each in messages if each.partition() not in let_go] + more
        return more

    def _wait_for_company(
        self, messages: list[Any], max_records: int, company: Company, until: float
    ) -> None:
        added = messages
        while len(messages) < max_records and all(_can_wait(each, company) for each in added):
            left = until - time.monotonic()
            if left <= 0:
                return
            added = self._add_more(messages, 1, left)
            if added and len(messages) < max_records:
                added += self._add_more(messages, max_records - len(messages))

    def _records(self, messages: list[Any]) -> list[Record]:
        topic, gave, owned = self._topic, self._assignment.gave, self._assignment.owned
        records = []
        for message in messages:
            error = message.error()
            if error is not None:
                self._event(message, error)
                continue
            partition, offset = message.partition(), message.offset()
            if partition not in owned:  # taken away by a callback of the very call that brought it
                continue
            gave(partition, offset)
            records.append(
                Record(
                    topic,
                    partition,
                    offset,
                    message.key() or b"",
                    message.value(),
                    message.timestamp()[1],
                    message.headers() or [],
                )
            )
        return records

    def _event(self, message: Any, error: KafkaError) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            self._complaints.reachable = True
            self._assignment.reached_end(message.partition())
        elif error.code() in _LOST:
            raise InputLost(f"{self._topic}/{message.partition()}: {error.str()}")
        else:
            self._complaints.hear(error)


def _can_wait(message: Any, company: Company) -> bool:
    return message.error() is not None or company.can_wait(message.headers() or [])
