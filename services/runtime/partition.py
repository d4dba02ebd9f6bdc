"""One input partition of a stage: applies records in memory, in order, timers first.

This is the part of the runtime that decides nothing about Kafka: it is the same on a broker, in the
simulation and in a unit test. The state that follows from a sequence of records depends on that sequence
alone, so a batch may be cut anywhere and replayed from any committed point.
"""

from collections.abc import Callable, Iterable

from google.protobuf.message import DecodeError, Message

from parley.runtime.v1 import runtime_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.headers import TRACEPARENT, Headers, header
from services.runtime.record import VALUE_BYTES_MAX, Cause, Output, Record, TooLarge
from services.runtime.rows import Row, Rows
from services.runtime.settings_seen import SettingsSeen
from services.runtime.stage import Stage
from services.runtime.store import Change, Store, StoreFailed, Timer
from services.runtime.timers import Timers

META_KEY = b"\x00meta"
"""Key of the meta record in a changelog."""
SETTING_PREFIX = b"\x00setting/"
"""Keys of the settings that the partition has seen; conversation and business keys never begin with NUL."""
TIMERS_PER_STEP_MAX = 1_000
"""Timers fired before a record in one batch; more are fired in the batches that follow."""


class Undecodable(Exception):
    """The record's bytes are not the message that its topic carries."""


class OutOfOrder(Exception):
    """The log gave a record again that was applied already; the partition must stop."""


class TimerFailed(Exception):
    """A stage failed on a timer: no record is to blame, so the partition must stop."""


class Partition:
    """State and position of a stage in one input partition.

    ``step`` applies one record in memory; ``changes`` and ``meta`` say what a transaction must hold;
    ``commit`` writes it to the store after the transaction; ``rollback`` returns to the last commit.
    """

    def __init__(
        self, stage: Stage, store: Store, first_offset: int = 0, timers_per_step: int = TIMERS_PER_STEP_MAX
    ) -> None:
        """Go on where the store's meta stands; in an empty store at ``first_offset`` of the input."""
        self._first_offset = first_offset
        self._timers_per_step = timers_per_step
        self._stage = stage
        self._store = store
        self._parse = stage.input.message.FromString
        self._rows = Rows(stage.changelog.message, store.get)
        self._timers = Timers(store)
        self.settings = SettingsSeen()
        self._setting_changes: dict[bytes, bytes | None] = {}
        self.next_offset = 0
        self.stage_time_ms = 0
        self.outputs: list[tuple[Output, int]] = []
        """Outputs of the batch, each with its record time in milliseconds."""
        self._load()

    def _load(self) -> None:
        meta = self._store.meta()
        self.next_offset = int(meta.next_offset) if meta else self._first_offset
        self.stage_time_ms = int(meta.stage_time_ms) if meta else 0
        self.settings = SettingsSeen()
        for _, value in self._store.scan(SETTING_PREFIX):
            self.settings.add(settings_pb2.SettingChanged.FromString(value))
        self._rows.rollback()
        self._timers.load()
        self._begin_batch()

    def _begin_batch(self) -> None:
        self._setting_changes = {}
        self.outputs = []

    @property
    def next_timer_ms(self) -> int:
        """When the next timer may be due, Unix milliseconds; :data:`timers.NEVER` when there is none."""
        return self._timers.next_due_ms

    def timer_due(self, at_ms: int) -> bool:
        """Whether a row wants to be woken by ``at_ms`` (Unix milliseconds)."""
        while self._timers.next_due_ms <= at_ms:
            timer = self._timers.peek()
            if self._rows.wake_at_ms(timer.row_key) == timer.due_ms:
                return True
            self._timers.pop()
        return False

    def step(self, record: Record) -> bool:
        """Apply one record, after the timers that its time makes due.

        Returns False when so many timers were due that the batch should be committed before this same
        record is given again. Raises :class:`Undecodable`, :class:`TooLarge`, or what the stage raised: then
        the record's own changes are undone, what its timers did stays, and ``skip`` goes past it. Raises
        :class:`TimerFailed` when the record cannot help it.
        """
        if record.offset < self.next_offset:
            raise OutOfOrder(f"record {record.offset} came after {self.next_offset - 1}")
        if not self._advance(record):
            return False
        try:
            value = self._parse(record.value or b"")
        except DecodeError as error:
            raise Undecodable(str(error)) from None
        kind = value.WhichOneof("event")
        if kind is None:
            raise Undecodable(f"{self._stage.input.schema} says nothing that this version knows")
        if kind == "setting_changed":
            self._take_setting(value.setting_changed)  # type: ignore[attr-defined]
        elif kind != "ticked":
            topic, partition, offset, key, _, timestamp_ms, headers = record
            cause = Cause(topic, partition, offset, key, timestamp_ms, header(headers, TRACEPARENT))
            self._take(self._stage.apply, (kind, getattr(value, kind)), cause)
        self.next_offset = record.offset + 1
        return True

    def skip(self, record: Record, outputs: list[Output]) -> bool:
        """Go past a record that is set aside; ``outputs`` say what became of it.

        Fires its timers where ``step`` has not; returns False as ``step`` does.
        """
        if not self._advance(record):
            return False
        self.outputs.extend((output, record.timestamp_ms) for output in outputs)
        self.next_offset = record.offset + 1
        return True

    def changes(self) -> dict[bytes, bytes | None]:
        """Serialized rows that the batch changed, settings included; None for deleted."""
        rows = {key: None if row is None else row.value for key, row in self._rows.changed.items()}
        return {**rows, **self._setting_changes} if self._setting_changes else rows

    @property
    def change_count(self) -> int:
        """Number of rows that the batch has changed so far."""
        return len(self._rows.changed) + len(self._setting_changes)

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
            key: Change(row, 0 if (before := self._rows.committed(key)) is None else before.wake_at_ms)
            for key, row in self._rows.changed.items()
        }
        for key, value in self._setting_changes.items():
            changes[key] = Change(None if value is None else Row(value, 0), 0)
        self._store.write(changes, meta)
        self._rows.commit()
        self._timers.committed()
        self._begin_batch()

    def rollback(self) -> None:
        """The transaction is aborted: forget the batch."""
        self._load()

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def read(self, key: bytes) -> Message | None:
        """A committed row, for people to look at; never used for a decision. Safe from any thread."""
        row = self._store.get(key)
        return None if row is None else self._stage.changelog.message.FromString(row.value)

    def _take(
        self,
        decide: Callable[..., Iterable[Output]],
        subject: tuple[object, ...],
        cause: Cause,
    ) -> None:
        """Let the stage decide on one record or timer, and keep what it made of it: all or nothing."""
        try:
            made = list(decide(*subject, cause, self._rows, self.settings))
            _check_sizes(made)
        except BaseException:
            self._rows.forget()
            raise
        for key, row in self._rows.keep():
            if row is not None and row.wake_at_ms:
                self._timers.add(Timer(row.wake_at_ms, key))
        traceparent = cause.traceparent
        for output in made:
            if traceparent is not None and not _is_traced(output.headers):
                output.headers.append((TRACEPARENT, traceparent))
            self.outputs.append((output, cause.timestamp_ms))

    def _advance(self, record: Record) -> bool:
        """Move the stage time and fire what it makes due; False when that is too much for one batch."""
        if record.timestamp_ms > self.stage_time_ms:  # noqa: PLR1730 - half the time of max()
            self.stage_time_ms = record.timestamp_ms
        if self._timers.next_due_ms > self.stage_time_ms:
            return True
        fired = 0
        while self.timer_due(self.stage_time_ms):
            if fired == self._timers_per_step:
                return False
            self._fire(self._timers.pop(), record)
            fired += 1
        return True

    def _fire(self, timer: Timer, record: Record) -> None:
        cause = Cause(record.topic, record.partition, record.offset, timer.row_key, self.stage_time_ms)
        try:
            self._take(self._stage.wake, (timer.row_key,), cause)
        except StoreFailed:
            raise
        except Exception as error:
            raise TimerFailed(
                f"{self._stage.name}, row {timer.row_key!r}, due {timer.due_ms}: {error!r}"
            ) from error
        if 0 < self._rows.wake_at_ms(timer.row_key) <= timer.due_ms:
            raise TimerFailed(f"{self._stage.name} left the timer of row {timer.row_key!r} where it was")

    def _take_setting(self, setting: settings_pb2.SettingChanged) -> None:
        if not self.settings.is_news(setting):
            return
        forgotten = self.settings.add(setting)
        self._setting_changes[_setting_key(setting)] = setting.SerializeToString()
        if forgotten is not None:
            self._setting_changes[_setting_key(forgotten)] = None


def _is_traced(headers: Headers) -> bool:
    return bool(headers) and headers[-1][0] == TRACEPARENT


def _check_sizes(outputs: list[Output]) -> None:
    for output in outputs:
        if output.value is not None and len(output.value) > VALUE_BYTES_MAX:
            raise TooLarge(f"a record of {len(output.value)} bytes for {output.topic.name}")


def _setting_key(setting: settings_pb2.SettingChanged) -> bytes:
    return SETTING_PREFIX + f"{setting.key}/{setting.version:010d}".encode()
