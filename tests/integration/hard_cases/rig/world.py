"""One test's world: its topics on the broker, the stage's processes, and their local stores."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from google.protobuf.message import Message

from services.admin.topics import Topics
from services.contracts.catalogue import Topic, topic
from services.contracts.headers import Headers, headers_for
from services.contracts.placement import partition_of
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_log import KafkaLog
from services.runtime.kafka_settings import StageIdentity
from services.runtime.stage import Stage
from services.runtime.stage_process import MakeLog
from tests.integration.hard_cases.rig.child import Task
from tests.integration.hard_cases.rig.group import Group
from tests.integration.hard_cases.rig.member import Member
from tests.integration.hard_cases.rig.standing import Standing, changelog_metas, store_path, stored
from tests.integration.reading import Found, ends, read_committed
from tests.integration.waiting import DEADLINE_SECONDS, until
from tests.unit.runtime.counting_stage import message


class World:
    """Everything under one topic prefix. ``close`` ends every process that it has started."""

    def __init__(
        self,
        connection: KafkaConnection,
        context: ForkServerContext,
        directory: Path,
        stage: type[Stage],
        others: Iterable[Topic],
    ) -> None:
        """``others`` are the topics that the stage writes, besides those that every stage needs."""
        self.connection = connection
        self.directory = directory
        self.stage = stage
        self.prefix = f"t{uuid4().hex[:8]}."
        client = {**connection.librdkafka(), "log_level": 0}
        self.admin = AdminClient(client)
        self.group = Group(connection, self.admin, StageIdentity(stage.name, 0, self.prefix), stage.input)
        self._context = context
        self._members: list[Member] = []
        self._topics = {
            each.name: each
            for each in (topic("dispatch"), topic("dead-letters"), *others, stage.input, stage.changelog)
        }
        self._producer = Producer({**client, "enable.idempotence": True, "linger.ms": 5})
        Topics(self.admin, self.prefix, self._topics.values()).create()

    # Input

    def write(
        self, keys: Sequence[bytes], message_id: str = "m", at_ms: int | None = None, ago_ms: int = 0
    ) -> None:
        """Customers' messages for the counting stage, one for each key, all of the same time."""
        at_ms = int(time.time() * 1000) - ago_ms if at_ms is None else at_ms
        event = message(message_id, at_ms)
        headers = headers_for(event, "customer_message_screened", message_id=message_id)
        for key in keys:
            self.put(key, event, headers, at_ms)
        self.flush()

    def put(
        self,
        key: bytes,
        value: Message | bytes,
        headers: Headers,
        at_ms: int,
        on_delivery: Callable[[KafkaError | None, object], None] | None = None,
    ) -> None:
        """One input record as it is; ``flush`` makes sure that it is there."""
        if isinstance(value, Message):
            value = value.SerializeToString()
        place = partition_of(self.stage.input, key)
        name = self.name(self.stage.input.name)
        self._producer.produce(name, value, key, place, on_delivery, timestamp=at_ms, headers=[*headers])

    def offer(self, key: bytes, value: Message | bytes, headers: Headers, at_ms: int) -> None:
        """One input record, which the broker may refuse: then raises KafkaException."""
        refused: list[KafkaError] = []
        self.put(key, value, headers, at_ms, lambda error, _: refused.append(error) if error else None)
        self.flush()
        if refused:
            raise KafkaException(refused[0])

    def flush(self) -> None:
        """Until the broker has all that was put."""
        assert self._producer.flush(DEADLINE_SECONDS) == 0

    # Processes

    def start(
        self,
        ordinal: int = 0,
        *,
        stage: type[Stage] | None = None,
        data_dir: Path | None = None,
        clock_ahead_ms: int = 0,
        make_log: MakeLog = KafkaLog,
        connection: KafkaConnection | None = None,
        **environment: str,
    ) -> Member:
        """Start a replica of the stage in a process of its own; returns at once."""
        data_dir = data_dir or self.data_dir(ordinal)
        variables = {
            **(connection or self.connection).environment(),
            "PARLEY_TOPIC_PREFIX": self.prefix,
            "PARLEY_DATA_DIR": str(data_dir),
            "PARLEY_HEALTH_PORT": "0",
            "PARLEY_ORDINAL": str(ordinal),
            **environment,
        }
        output = self.directory / f"process-{len(self._members)}.log"
        task = Task(stage or self.stage, variables, output, clock_ahead_ms, make_log)
        self._members.append(Member(self._context, task, data_dir))
        return self._members[-1]

    def data_dir(self, ordinal: int = 0) -> Path:
        """Where a replica keeps its stores, unless it is told otherwise."""
        return self.directory / f"state-{ordinal}"

    def store_path(self, partition: int, ordinal: int = 0) -> Path:
        """The local store of a partition at a replica."""
        return store_path(self.data_dir(ordinal), self.stage.name, partition)

    def wait_done(self) -> None:
        """Until the group's offsets are at the input's end."""
        until(lambda: self.is_done() or not self._runs(), "the input to be done")
        assert self.is_done(), f"nobody works on it: {self._members[-1].said}"

    def is_done(self) -> bool:
        """Whether the group's offsets are at the input's end."""
        name = self.name(self.stage.input.name)
        last = ends(self.admin, {name: self.stage.input.partitions}, committed=False)
        offsets = self.group.offsets(in_transaction=True)
        behind = {each: end - offsets.get(each, 0) for (_, each), end in last.items() if end}
        if any(gap > 1 for gap in behind.values()):
            return False
        # A transaction that wrote to the input ends with a marker, which is no record.
        return not any(behind.values()) or self._is_read_up(offsets)

    def _is_read_up(self, offsets: Mapping[int, int]) -> bool:
        found = self.read(self.stage.input.name)
        return all(offsets.get(each.partition, 0) > each.offset for each in found)

    def _runs(self) -> bool:
        return any(member.runs for member in self._members)

    def settle(self) -> None:
        """Run a replica until nothing is left to do."""
        member = self.start()
        self.wait_done()
        member.stop()

    # Operators

    def trim_input(self, partition: int, before: int) -> None:
        """Delete what lies before an offset of the input, as retention does."""
        place = TopicPartition(self.name(self.stage.input.name), partition, before)
        (deleted,) = self.admin.delete_records([place]).values()
        deleted.result(DEADLINE_SECONDS)

    def configure(self, declared: str, setting: str, value: str) -> None:
        """Change a topic's setting, and wait until its leader goes by it."""
        entry = ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, self.name(declared), incremental_configs=[entry])
        (altered,) = self.admin.incremental_alter_configs([resource]).values()
        altered.result(DEADLINE_SECONDS)
        until(lambda: self._setting(declared, setting) == value, f"{setting} {value}")

    def _setting(self, declared: str, setting: str) -> str | None:
        resource = ConfigResource(ResourceType.TOPIC, self.name(declared))
        (asked,) = self.admin.describe_configs([resource]).values()
        found: str | None = asked.result(DEADLINE_SECONDS)[setting].value
        return found

    def make_anew(self, declared: str) -> None:
        """Delete a topic and create it again, empty."""
        name = self.name(declared)
        self.admin.delete_topics([name])[name].result(DEADLINE_SECONDS)
        until(lambda: name not in self.admin.list_topics(timeout=DEADLINE_SECONDS).topics, "its end")
        Topics(self.admin, self.prefix, [self._topics[declared]]).create()

    # What is there

    def name(self, declared: str) -> str:
        """A topic's name on Kafka."""
        return self.prefix + declared

    def read(self, *names: str) -> list[Found]:
        """All that is committed in these topics, by topic, partition and offset."""
        places = {self.name(each): self._topics[each].partitions for each in names}
        return read_committed(self.connection, self.admin, places)

    def open_places(self) -> list[tuple[str, int]]:
        """Partitions with an open transaction: their last stable offset is before their end."""
        places = {self.name(each.name): each.partitions for each in self._topics.values()}
        stable = ends(self.admin, places, committed=True)
        return [
            place for place, end in ends(self.admin, places, committed=False).items() if stable[place] < end
        ]

    def wait_closed(self) -> None:
        """Until no transaction is open: a commit returns before all that it has written shows."""
        until(lambda: not self.open_places(), "open transactions to end")

    def standing(
        self, ordinal: int = 0, *, in_transaction: bool = False, with_store: bool = True
    ) -> Standing:
        """Where the stage stands. The store only when no process has it open.

        A transaction that is about to end is waited for, unless one is meant to be open: ``in_transaction``.
        """
        if not in_transaction:
            self.wait_closed()
        metas = changelog_metas(self.read(self.stage.changelog.name))
        stores = {
            number: found[0].next_offset
            for number in range(self.stage.input.partitions)
            if with_store and (found := stored(self.store_path(number, ordinal))) is not None
        }
        changelog = {number: each.next_offset for number, each in metas.items()}
        return Standing(self.group.offsets(in_transaction=in_transaction), changelog, stores)

    def close(self) -> None:
        """End what runs."""
        for member in self._members:
            member.discard()
        self.group.close()
