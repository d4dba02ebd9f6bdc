"""A stage as a child process on a real broker, and what lies in its topics."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from google.protobuf.message import Message

from deploy.kafka.ports import choose
from parley.window.v1 import windows_pb2
from services.admin.topics import Topics
from services.contracts.catalogue import FACTOR, partition_factor, topic
from services.contracts.headers import Headers, headers_for
from services.contracts.placement import partition_of
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_settings import StageIdentity
from tests.integration.reading import Found, ends, read_committed
from tests.integration.waiting import DEADLINE_SECONDS, until
from tests.unit.runtime.counting_stage import CountingStage, message

TOPICS = ("screened", "session-window-changelog", "windows", "dead-letters", "dispatch")


def _ask(consumer: Consumer, places: list[TopicPartition], into: list[TopicPartition]) -> bool:
    """False while nobody coordinates the group, as on a broker that has just started."""
    try:
        into[:] = consumer.committed(places, 10)
    except KafkaException as failure:
        if failure.args[0].code() not in (
            KafkaError.NOT_COORDINATOR,
            KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        ):
            raise
        return False
    return True


class Rig:
    """Topics of one test, with a prefix of their own, and a place for state."""

    def __init__(self, connection: KafkaConnection, data_dir: Path) -> None:
        self.connection = connection
        self.prefix = f"t{uuid4().hex[:8]}."
        self.data_dir = data_dir
        self.stage = CountingStage()
        self.identity = StageIdentity(self.stage.name, 0, self.prefix)
        self.admin = AdminClient({**connection.librdkafka(), "log_level": 0})
        Topics(self.admin, self.prefix, [topic(name) for name in TOPICS]).create()
        self._producer = Producer({**connection.librdkafka(), "linger.ms": 5, "log_level": 0})
        self.sent = 0

    def send(self, keys: Iterable[bytes], message_id: str = "m", at_ms: int | None = None) -> None:
        """Customers' messages, one for each key."""
        for key in keys:
            at = int(time.time() * 1000) if at_ms is None else at_ms
            event = message(message_id, at)
            self.send_raw(key, event, headers_for(event, "customer_message_screened"), at)
        self.flush()

    def send_raw(self, key: bytes, event: Message | bytes, headers: Headers, at_ms: int) -> None:
        """One input record, as it is."""
        value = event if isinstance(event, bytes) else event.SerializeToString()
        number = partition_of(self.stage.input, key)
        self._producer.produce(
            self.prefix + "screened", value, key, number, timestamp=at_ms, headers=[*headers]
        )
        self.sent += 1

    def flush(self) -> None:
        assert self._producer.flush(DEADLINE_SECONDS) == 0, "records that the broker has not taken"

    def committed(self) -> dict[int, int]:
        """The group's offset of each partition that has one."""
        # Read uncommitted: not held back by a transaction that a killed process has left open.
        consumer = Consumer(
            {
                **self.connection.librdkafka(),
                "group.id": self.identity.group,
                "isolation.level": "read_uncommitted",
            }
        )
        places = [
            TopicPartition(self.prefix + "screened", number) for number in range(self.stage.input.partitions)
        ]
        found: list[TopicPartition] = []
        until(lambda: _ask(consumer, places, found), "the group's coordinator")
        consumer.close()
        return {place.partition: place.offset for place in found if place.offset >= 0}

    def set_offset(self, partition: int, offset: int) -> None:
        """Overwrite the group's offset, as nobody should: in a transaction of no member."""
        settings = self.connection.librdkafka()
        producer = Producer({**settings, "transactional.id": uuid4().hex})
        consumer = Consumer({**settings, "group.id": self.identity.group})
        producer.init_transactions(10)
        producer.begin_transaction()
        producer.send_offsets_to_transaction(
            [TopicPartition(self.prefix + "screened", partition, offset)],
            consumer.consumer_group_metadata(),
            10,
        )
        producer.commit_transaction(10)
        consumer.close()
        until(lambda: self.committed()[partition] == offset, "the offset to be set")

    def wait_until_done(self) -> None:
        """Until the group's offsets cover all that was sent."""
        until(self.is_done, f"{self.sent} records to be done")

    def is_done(self) -> bool:
        """Whether the group's offsets cover all that was sent."""
        return sum(self.committed().values()) >= self.sent

    def wait_until_closed(self, name: str) -> None:
        """Until no transaction is open in a topic, which may learn of the end later than the group."""
        places = {self.prefix + name: topic(name).partitions}
        # A client of its own: one from before a restart of the broker asks with an epoch that is over.
        with AdminClient(self.connection.librdkafka()) as admin:
            until(
                lambda: ends(admin, places, committed=True) == ends(admin, places, committed=False),
                f"the open transactions in {name} to end",
            )

    def read(self, name: str) -> list[Found]:
        """All records of a topic, once no transaction is open in it."""
        self.wait_until_closed(name)
        with AdminClient(self.connection.librdkafka()) as admin:
            return read_committed(self.connection, admin, {self.prefix + name: topic(name).partitions})

    def counts(self) -> dict[bytes, list[int]]:
        """By conversation, the counts told, in order: 1, 2, 3… if each message had its effect once."""
        told: dict[bytes, list[int]] = {}
        for each in self.read("windows"):
            event = windows_pb2.WindowEvent.FromString(each.value or b"")
            told.setdefault(each.key, []).append(event.opened_at_ms)
        return told


class StageChild:
    """The counting stage in a process of its own."""

    def __init__(self, rig: Rig, **environment: str) -> None:
        self.port = choose(avoid=set())
        self.log = rig.data_dir / f"{uuid4().hex[:6]}.log"
        defaults = {
            **rig.connection.environment(),
            "PARLEY_TOPIC_PREFIX": rig.prefix,
            "PARLEY_DATA_DIR": str(rig.data_dir / "state"),
            "PARLEY_HEALTH_PORT": str(self.port),
            "PYTHONPATH": os.pathsep.join([".", "services/contracts"]),
            "PATH": os.environ["PATH"],
            FACTOR: str(partition_factor()),
        }
        given = {name: value for name, value in {**defaults, **environment}.items() if value}
        with self.log.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tests.integration.counting_service"],
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=Path(__file__).parents[2],
            )

    def wait(self, seconds: float = DEADLINE_SECONDS) -> int:
        """Exit status, negative for a signal."""
        return self._process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """Whatever it does. What it said is shown where a test fails."""
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)
        sys.stdout.write(self.text)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def text(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of the health port; 0 when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def state(self, key: str) -> tuple[int, dict[str, Any]]:
        status, body = self.get(f"/state?key={key}")
        return status, json.loads(body)

    def wait_ready(self) -> None:
        until(lambda: self.get("/readyz")[0] == 200, "the stage to be ready")
