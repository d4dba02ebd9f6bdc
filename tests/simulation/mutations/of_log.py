"""Logs that break a promise of the port."""

from collections.abc import Mapping

from services.contracts.headers import Headers
from services.runtime.log import OutcomeUnknown, TransactionFailed
from tests.simulation.kafka_model.model_log import ModelLog


class OffsetsOutsideTheTransaction(ModelLog):
    """Input offsets are committed at once, whatever becomes of the transaction."""

    def send_offsets(self, next_offsets: Mapping[int, int]) -> None:
        super().send_offsets(next_offsets)
        transaction = self._require_open()
        transaction.offsets.clear()
        self._group.offsets.update(next_offsets)


class EndsAtTheLastStableOffset(ModelLog):
    """The changelog's end is asked for read committed, so a transaction that is being told is left out."""

    def changelog_end(self, partition: int) -> int:
        return self._cluster.partition(self._changelog, partition).last_stable_offset


class TicksWithTheNextTransaction(ModelLog):
    """A tick is written by the transactional producer: it waits for a batch, and an abort takes it along."""

    def subscribe(self, listener) -> None:  # type: ignore[no-untyped-def]
        self._ticks: list[tuple[int, bytes, bytes, int, Headers]] = []
        super().subscribe(listener)

    def append(self, partition: int, key: bytes, value: bytes, timestamp_ms: int, headers: Headers) -> None:
        self._ticks.append((partition, key, value, timestamp_ms, headers))

    def begin(self) -> None:
        super().begin()
        for tick in self._ticks:
            self.produce(self._input, *tick)
        self._ticks.clear()


class AnyMembersOffsets(ModelLog):
    """Offsets are sent without the member and its generation: nobody sees that it is out of the group."""

    def send_offsets(self, next_offsets: Mapping[int, int]) -> None:
        transaction = self._require_open()
        for partition, offset in next_offsets.items():
            transaction.offsets[self._stage, partition] = offset


class GuessesThatACommitFailed(ModelLog):
    """A commit of which nothing is known is taken for one that failed."""

    def commit(self) -> Mapping[int, int]:
        try:
            return super().commit()
        except OutcomeUnknown as unknown:
            raise TransactionFailed(str(unknown)) from unknown

    def abort(self) -> None:
        if self._transaction is not None:
            super().abort()


class ForgetsToRewind(ModelLog):
    """After an abort it reads on."""

    def rewind(self, next_offsets: Mapping[int, int]) -> None:
        pass


class NoTransactions(ModelLog):
    """Everything is written at once."""

    def begin(self) -> None:
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
        self._cluster.append(topic, partition, key, value, timestamp_ms, headers)

    def produce_meta(self, partition: int, key: bytes, value: bytes, timestamp_ms: int) -> None:
        offset = self._cluster.append(self._changelog, partition, key, value, timestamp_ms, [])
        self._metas[partition] = offset + 1

    def send_offsets(self, next_offsets: Mapping[int, int]) -> None:
        self._group.offsets.update(next_offsets)

    def commit(self) -> Mapping[int, int]:
        return self._metas

    def abort(self) -> None:
        pass
