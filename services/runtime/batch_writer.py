"""Writes all that a batch did to some partitions as one transaction."""

from collections.abc import Callable, Mapping

from parley.catalog.v1 import topic_pb2
from parley.runtime.v1 import runtime_pb2
from services.contracts.catalogue import Topic
from services.runtime.log import Log, RecordRejected, TransactionFailed
from services.runtime.partition import META_KEY, Partition
from services.runtime.points import Observe, Point


class BatchWriter:
    """Writes for one stage. The transaction is open only while bytes move."""

    def __init__(
        self, changelog: Topic, log: Log, place: Callable[[Topic, bytes], int], observe: Observe
    ) -> None:
        self._changelog = changelog.name
        self._log = log
        self._place = place
        self._observe = observe

    def write(
        self, partitions: Mapping[int, Partition], metas: Mapping[int, runtime_pb2.StateMeta]
    ) -> Mapping[int, int]:
        """Commit outputs, state changes, meta records and input offsets of these partitions, or nothing.

        Returns for each the changelog's offset after its meta record. Raises TransactionFailed and
        RecordRejected after the abort; what else the log raises says that the process must end.
        """
        self._log.begin()
        try:
            self._observe(Point.BEGUN)
            for number, partition in partitions.items():
                self._produce(number, partition, metas[number])
            self._observe(Point.PRODUCED)
            self._log.send_offsets({number: each.next_offset for number, each in partitions.items()})
            self._observe(Point.OFFSETS_SENT)
            return self._log.commit()
        except (TransactionFailed, RecordRejected):
            self._log.abort()
            raise

    def _produce(self, number: int, partition: Partition, meta: runtime_pb2.StateMeta) -> None:
        produce = self._log.produce
        for (topic, key, value, headers), timestamp_ms in partition.outputs:
            if topic.key == topic_pb2.RECORD_KEY_SAME_AS_CAUSE:
                target = number % topic.partitions
            else:
                target = self._place(topic, key)
            produce(topic.name, target, key, value, timestamp_ms, headers)
        stage_time_ms = meta.stage_time_ms
        for key, value in partition.changes().items():
            produce(self._changelog, number, key, value, stage_time_ms, [])
        self._log.produce_meta(number, META_KEY, meta.SerializeToString(), stage_time_ms)
