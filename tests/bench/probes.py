"""Requests at a steady pace through session-window, and how long each took to come out at the other end."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from parley.billing.v1 import usage_pb2
from parley.consent.v1 import screened_pb2
from parley.message.v1 import facts_pb2
from services.contracts.catalogue import topic
from services.contracts.headers import headers_for
from services.contracts.keys import conversation_key
from services.contracts.placement import partition_of
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection

SCREENED, USAGE = topic("screened"), topic("usage")
BUSINESS, PHONE_NUMBER = "506914307656634", "106540352242922"
PER_SECOND = 200
LAST_SECONDS_MAX = 180.0
POLL_SECONDS = 0.05


def user_ref(number: int) -> str:
    """The customer with that number."""
    return f"u1_{number:022d}"


def request(message_id: str, customer: str, now_ms: int) -> screened_pb2.ScreenedEvent:
    """A request of the business to a customer."""
    facts = facts_pb2.SendFacts(
        message_id=message_id,
        business_id=BUSINESS,
        account_id="102290129340398",
        phone_number_id=PHONE_NUMBER,
        user_ref=customer,
        accepted_at_ms=now_ms,
        expires_at_ms=now_ms + 86_400_000,
    )
    return screened_pb2.ScreenedEvent(send_screened=screened_pb2.SendScreened(facts=facts))


class Lost(Exception):
    """Requests did not come out."""


class Probes:
    """Sends until it is left, and watches ``usage``. Context manager; leaving it waits for the last."""

    def __init__(
        self, connection: KafkaConnection, prefix: str, keys: int, per_second: int = PER_SECOND
    ) -> None:
        """Requests go to customers 0 to ``keys`` in turn, far apart, so that they meet cold rows."""
        self._per_second = per_second
        settings = {**connection.librdkafka(), "log_level": 0}
        self._topic = prefix + SCREENED.name
        self._keys = keys
        self._producer = Producer({**settings, "linger.ms": 1, "enable.idempotence": True})
        self._consumer = Consumer(
            {
                **settings,
                "group.id": "probes-never-committed",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "latest",
                "fetch.wait.max.ms": 10,
                "enable.partition.eof": True,
            }
        )
        places = [TopicPartition(prefix + USAGE.name, number) for number in range(USAGE.partitions)]
        self._consumer.assign(places)
        self._ready = threading.Semaphore(0)
        self._run = uuid4().hex
        self._sent: dict[str, float] = {}
        self._seen: dict[str, float] = {}
        self.again = 0
        """Requests that came out more than once."""
        self._stopping, self._done = threading.Event(), threading.Event()
        self._failure: Exception | None = None
        self._threads = [threading.Thread(target=each) for each in (self._watch, self._send)]

    def wait_for_some(self, count: int, seconds_max: float = LAST_SECONDS_MAX) -> None:
        """Block until so many more requests have come out. Raises :class:`Lost`."""
        wanted, deadline = len(self._seen) + count, time.monotonic() + seconds_max
        while len(self._seen) < wanted:
            if self._failure is not None:
                raise self._failure
            if time.monotonic() > deadline:
                raise Lost(f"{len(self._sent) - len(self._seen)} requests wait")
            time.sleep(POLL_SECONDS)

    @property
    def delays_seconds(self) -> Sequence[float]:
        """From the writing of each request to its coming out, in ascending order.

        Without those that were written before the stage had shown that it runs.
        """
        sent, since = self._sent, self._shown_at
        return sorted(seen - sent[each] for each, seen in self._seen.items() if sent[each] >= since)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for_some(max(1, self._per_second // 4))
        self._shown_at = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._threads[1].join()
        self._producer.flush(LAST_SECONDS_MAX)
        deadline = time.monotonic() + LAST_SECONDS_MAX
        while error is None and len(self._seen) < len(self._sent) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        self._done.set()
        self._threads[0].join()
        self._consumer.close()
        if error is None and (lost := len(self._sent) - len(self._seen)):
            raise Lost(f"{lost} of {len(self._sent)} requests did not come out")

    def _send(self) -> None:
        for _ in range(USAGE.partitions):
            self._ready.acquire()
        begun, number = time.monotonic(), 0
        while not self._stopping.is_set():
            message_id, now_ms = f"{self._run}-{number}", wall_clock_ms()
            customer = user_ref(number * 7_919 % self._keys)
            event, key = request(message_id, customer, now_ms), conversation_key(BUSINESS, customer)
            self._sent[message_id] = time.monotonic()
            self._producer.produce(
                self._topic,
                event.SerializeToString(),
                key,
                partition_of(SCREENED, key),
                timestamp=now_ms,
                headers=[*headers_for(event, "send_screened", message_id=message_id)],
            )
            self._producer.poll(0)
            number += 1
            self._stopping.wait(max(0.0, begun + number / self._per_second - time.monotonic()))

    def _watch(self) -> None:
        try:
            while not self._done.is_set():
                # The first one is not kept waiting for others.
                for message in self._consumer.consume(1, POLL_SECONDS) + self._consumer.consume(500, 0):
                    self._take(message)
        except KafkaException as failure:
            self._failure = failure

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            self._ready.release()
            return
        event = usage_pb2.UsageEvent.FromString(message.value() or b"")
        message_id = event.send_assessed.facts.message_id
        if message_id in self._seen:
            self.again += 1
        elif message_id in self._sent:
            self._seen[message_id] = time.monotonic()
