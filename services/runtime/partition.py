"""One input partition of a stage: applies records in memory, in order, timers first.

This is the part of the runtime that decides nothing about Kafka: it is the same on a broker, in the
simulation and in a unit test. The state that follows from a sequence of records depends on that sequence
alone, so a batch may be cut anywhere and replayed from any committed point.
"""

from heapq import heappop, heappush

from google.protobuf.message import DecodeError, Message

from parley.runtime.v1 import runtime_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.headers import TRACEPARENT, header
from services.runtime.record import Cause, Output, Record
from services.runtime.rows import Row, Rows
from services.runtime.settings_seen import SettingsSeen
from services.runtime.stage import InvariantBroken, Stage
from services.runtime.store import Change, Store, Timer

META_KEY = b"\x00meta"
"""Key of the meta record in a changelog."""
SETTING_PREFIX = b"\x00setting/"
"""Keys of the settings that the partition has seen; conversation and business keys never begin with NUL."""
TIMERS_PER_STEP_MAX = 1_000
"""Timers fired before a record in one batch; more are fired in the batches that follow."""
TIMERS_FETCHED = 128
NEVER = 1 << 62


class Undecodable(Exception):
    """The record's bytes are not the message that its topic carries."""


class Partition:
    """State and position of a stage in one input partition.

    ``step`` applies one record in memory; ``changes`` and ``meta`` say what a transaction must hold;
    ``commit`` writes it to the store after the transaction; ``rollback`` returns to the last commit.
    """

    def __init__(self, stage: Stage, store: Store) -> None:
        self._stage = stage
        self._store = store
        self._rows = Rows(stage.changelog.message, store.get)
        self.settings = SettingsSeen()
        self._setting_changes: dict[bytes, bytes | None] = {}
        self._next_due_ms = NEVER
        self.next_offset = 0
        self.stage_time_ms = 0
        self.outputs: list[tuple[Output, int]] = []
        """Outputs of the batch, each with its record time in milliseconds."""
        self._load()

    def _load(self) -> None:
        meta = self._store.meta()
        self.next_offset = int(meta.next_offset) if meta else 0
        self.stage_time_ms = int(meta.stage_time_ms) if meta else 0
        self.settings = SettingsSeen()
        for _, value in self._store.scan(SETTING_PREFIX):
            self.settings.add(settings_pb2.SettingChanged.FromString(value))
        self._begin_batch()

    def _begin_batch(self) -> None:
        self._rows.clear()
        self._setting_changes = {}
        self.outputs = []
        self._batch_timers: list[Timer] = []
        self._stored_timers = self._store.timers(None, TIMERS_FETCHED)[::-1]
        self._settle_next_due()

    @property
    def next_timer_ms(self) -> int:
        """When the next timer may be due, Unix milliseconds; :data:`NEVER` when there is none."""
        return self._next_due_ms

    def step(self, record: Record) -> bool:
        """Apply one record, after the timers that its time makes due.

        Returns False when so many timers were due that the batch should be committed before this same
        record is given again. Raises :class:`Undecodable`, or what the stage raised: then the record's own
        changes are undone, what its timers did stays, and ``skip`` goes past it.
        """
        self.stage_time_ms = max(self.stage_time_ms, record.timestamp_ms)
        if self.stage_time_ms >= self._next_due_ms and not self._fire_due_timers(record):
            return False
        kind, event = self._decode(record)
        if kind == "setting_changed":
            self._take_setting(event)  # type: ignore[arg-type]
        elif kind != "ticked":
            cause = Cause(record.topic, record.partition, record.offset, record.key, record.timestamp_ms)
            self._run(self._stage.apply(kind, event, cause, self._rows, self.settings), record, cause)
        self.next_offset = record.offset + 1
        return True

    def skip(self, record: Record, outputs: list[Output]) -> None:
        """Go past a record that was set aside; ``outputs`` say what became of it."""
        self.outputs.extend((output, record.timestamp_ms) for output in outputs)
        self.next_offset = record.offset + 1

    def changes(self) -> dict[bytes, bytes | None]:
        """Serialized rows that the batch changed, settings included; None for deleted."""
        rows = {key: None if row is None else row.value for key, row in self._rows.changed.items()}
        return {**rows, **self._setting_changes}

    def meta(self) -> runtime_pb2.StateMeta:
        """The meta record that belongs to :meth:`changes`."""
        return runtime_pb2.StateMeta(
            next_offset=self.next_offset,
            stage_time_ms=self.stage_time_ms,
            rules_version=self._stage.rules_version,
            stage=self._stage.name,
        )

    def commit(self, meta: runtime_pb2.StateMeta) -> None:
        """The transaction is committed: write the batch to the store and begin the next one."""
        changes = {
            key: Change(row, self._rows.committed_wake_at_ms(key)) for key, row in self._rows.changed.items()
        }
        for key, value in self._setting_changes.items():
            changes[key] = Change(None if value is None else Row(value, 0), 0)
        self._store.write(changes, meta)
        self._begin_batch()

    def rollback(self) -> None:
        """The transaction is aborted: forget the batch."""
        self._load()

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def read(self, key: bytes) -> Message | None:
        """A committed row, for people to look at; never used for a decision."""
        value = self._store.get(key)
        return None if value is None else self._stage.changelog.message.FromString(value)

    def _decode(self, record: Record) -> tuple[str, Message]:
        try:
            event = self._stage.input.message.FromString(record.value or b"")
        except DecodeError as error:
            raise Undecodable(str(error)) from None
        kind = event.WhichOneof("event")
        if kind is None:
            raise Undecodable(f"{self._stage.input.schema} says nothing that this version knows")
        return kind, getattr(event, kind)

    def _run(self, outputs: object, record: Record, cause: Cause) -> None:
        try:
            made = list(outputs)  # type: ignore[call-overload]
        except BaseException:
            self._rows.forget()
            raise
        for key, row in self._rows.keep().items():
            if row is not None and row.wake_at_ms:
                heappush(self._batch_timers, Timer(row.wake_at_ms, key))
                self._next_due_ms = min(self._next_due_ms, row.wake_at_ms)
        traceparent = header(record.headers, TRACEPARENT)
        for output in made:
            if traceparent is not None:
                output.headers.append((TRACEPARENT, traceparent))
            self.outputs.append((output, cause.timestamp_ms))

    def _fire_due_timers(self, record: Record) -> bool:
        fired = 0
        while self._next_due_ms <= self.stage_time_ms:
            if fired == TIMERS_PER_STEP_MAX:
                return False
            timer = self._pop_timer()
            if self._rows.wake_at_ms(timer.row_key) == timer.due_ms:
                cause = Cause(
                    record.topic, record.partition, record.offset, timer.row_key, self.stage_time_ms
                )
                bare = record._replace(headers=[])
                self._run(self._stage.wake(timer.row_key, cause, self._rows, self.settings), bare, cause)
                if self._rows.wake_at_ms(timer.row_key) == timer.due_ms:
                    raise InvariantBroken(f"{self._stage.name} left the timer of {timer.row_key!r} as it was")
                fired += 1
            self._settle_next_due()
        return True

    def _pop_timer(self) -> Timer:
        if not self._batch_timers or (
            self._stored_timers and self._stored_timers[-1] < self._batch_timers[0]
        ):
            timer = self._stored_timers.pop()
            if not self._stored_timers:
                self._stored_timers = self._store.timers(timer, TIMERS_FETCHED)[::-1]
            return timer
        return heappop(self._batch_timers)

    def _settle_next_due(self) -> None:
        stored = self._stored_timers[-1].due_ms if self._stored_timers else NEVER
        batch = self._batch_timers[0].due_ms if self._batch_timers else NEVER
        self._next_due_ms = min(stored, batch)

    def _take_setting(self, setting: settings_pb2.SettingChanged) -> None:
        if not self.settings.is_news(setting):
            return
        forgotten = self.settings.add(setting)
        self._setting_changes[_setting_key(setting)] = setting.SerializeToString()
        if forgotten is not None:
            self._setting_changes[_setting_key(forgotten)] = None


def _setting_key(setting: settings_pb2.SettingChanged) -> bytes:
    return SETTING_PREFIX + f"{setting.key}/{setting.version:010d}".encode()
