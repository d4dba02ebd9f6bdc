"""A stage's transaction made by hand, which ends when the test says so, or never."""

from confluent_kafka import Consumer, Producer, TopicPartition

from services.contracts.placement import partition_of
from services.runtime.partition import META_KEY, Partition
from services.runtime.record import Record
from services.runtime.rocks_store import RocksStore
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import DEADLINE_SECONDS


class HandMadeTransaction:
    """What another replica, of which nobody knows any more, has written of the next batch of one partition.

    It holds outputs, rows, meta and offsets of all input that is left, and all of it is with the broker.
    """

    def __init__(
        self, world: World, partition: int, timeout_ms: int = 30_000, *, with_offsets: bool = True
    ) -> None:
        """The broker aborts it after ``timeout_ms``. No process may have the partition's store open.

        Not ``with_offsets``, nobody who asks for the group's offset has to wait for it.
        """
        self.next_offset = 0
        """Of the input, after the batch."""
        self._with_offsets = with_offsets
        settings = {
            "transactional.id": f"{world.group.name}-by-hand",
            "transaction.timeout.ms": timeout_ms,
            "log_level": 0,
        }
        self._producer = Producer({**world.connection.librdkafka(), **settings})
        self._producer.init_transactions(DEADLINE_SECONDS)
        self._producer.begin_transaction()
        self._write(world, partition)

    def commit(self) -> None:
        """End it: all of it is true."""
        self._producer.commit_transaction(DEADLINE_SECONDS)

    def abort(self) -> None:
        """End it: nothing of it ever was."""
        self._producer.abort_transaction(DEADLINE_SECONDS)

    def _write(self, world: World, number: int) -> None:
        partition = Partition(world.stage(), RocksStore(world.store_path(number)))
        for found in world.read(world.stage.input.name):
            if found.partition == number and found.offset >= partition.next_offset:
                assert partition.step(Record(*found))
        produce = self._producer.produce
        for (topic, key, value, headers), at_ms in partition.outputs:
            name, place = world.name(topic.name), partition_of(topic, key)
            produce(name, value, key, place, timestamp=at_ms, headers=[*headers])
        changelog = world.name(world.stage.changelog.name)
        changes = {**partition.changes(), META_KEY: partition.meta().SerializeToString()}
        for key, value in changes.items():
            produce(changelog, value, key, number)
        partition.close()
        assert self._producer.flush(DEADLINE_SECONDS) == 0
        self.next_offset = partition.next_offset
        if self._with_offsets:
            self._send_offset(world, number)

    def _send_offset(self, world: World, number: int) -> None:
        next_offset = TopicPartition(world.name(world.stage.input.name), number, self.next_offset)
        member = Consumer({**world.connection.librdkafka(), "group.id": world.group.name})
        metadata = member.consumer_group_metadata()
        self._producer.send_offsets_to_transaction([next_offset], metadata, DEADLINE_SECONDS)
        member.close()
