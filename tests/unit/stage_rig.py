"""A rig for a stage: records in, decoded outputs out, on the runtime's own partition."""

from typing import Any, NamedTuple

from google.protobuf.message import Message

from parley.runtime.v1 import runtime_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.headers import KIND, MESSAGE_ID, Headers, header, headers_for
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import Partition
from services.runtime.record import Output, Record
from services.runtime.stage import Stage

PARTITION = 3


class Emitted(NamedTuple):
    """One output of a stage, decoded."""

    topic: str
    key: bytes
    kind: str
    """Name of the oneof member that is set; ``tombstone`` where there is no value."""
    event: Any
    """That member; None for a tombstone."""
    value: Any
    """The whole message, for the fields beside the oneof; None for a tombstone."""
    headers: Headers
    at_ms: int
    """Record time of the output, Unix milliseconds."""

    @property
    def message_id(self) -> str:
        """What the header says; empty when it says nothing."""
        return (header(self.headers, MESSAGE_ID) or b"").decode()


class StageRig:
    """Drives one input partition of a stage. Each call is one record, unless it says otherwise."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.store = MemoryStore()
        self.partition = Partition(stage, self.store)
        self.records: list[Record] = []
        """All that was fed, for a replay."""
        self.traceparent: bytes | None = None
        """What the records to come carry."""
        self._versions: dict[str, int] = {}

    def feed(self, event: Message, key: bytes, at_ms: int) -> list[Emitted]:
        """Give the stage ``event``, a member of its input's oneof; returns what it and due timers made of it.

        What the stage raises passes through; its record then counts as skipped.
        """
        return self.step(self.record(event, key, at_ms))

    def record(self, event: Message, key: bytes, at_ms: int) -> Record:
        """The next input record that carries ``event``."""
        topic = self.stage.input
        members = topic.message.DESCRIPTOR.oneofs_by_name["event"].fields
        kind = next(field.name for field in members if field.message_type is event.DESCRIPTOR)
        value = topic.message(**{kind: event})
        message_id = getattr(event, "message_id", "")
        headers = headers_for(value, kind, message_id=message_id, traceparent=self.traceparent)
        return Record(
            topic.name, PARTITION, len(self.records), key, value.SerializeToString(), at_ms, headers
        )

    def step(self, record: Record) -> list[Emitted]:
        """Apply one record, cutting the batch where the runtime would."""
        self.records.append(record)
        seen, outputs = len(self.partition.outputs), []
        while not self.partition.step(record):
            outputs += self.partition.outputs[seen:]
            seen = 0
            self.commit()
        return [_decoded(output, at_ms) for output, at_ms in outputs + self.partition.outputs[seen:]]

    def tick(self, at_ms: int) -> list[Emitted]:
        """Let time pass."""
        return self.feed(runtime_pb2.Ticked(at_ms=at_ms), b"", at_ms)

    def setting(self, key: str, value: Message, at_ms: int = 0) -> None:
        """Set ``value``, such as ``settings_pb2.Platform(pair_burst=1)``, from ``at_ms`` on."""
        version = self._versions[key] = self._versions.get(key, 0) + 1
        members = settings_pb2.SettingChanged.DESCRIPTOR.oneofs_by_name["value"].fields
        kind = next(field.name for field in members if field.message_type is value.DESCRIPTOR)
        changed: dict[str, Any] = {kind: value}
        setting = settings_pb2.SettingChanged(key=key, version=version, effective_from_ms=at_ms, **changed)
        self.feed(setting, key.encode(), at_ms)

    def commit(self) -> None:
        """End the batch; what follows sees its rows through the store."""
        self.partition.commit(self.partition.meta())

    def restart(self) -> None:
        """Commit, then go on from the store alone, as after a crash."""
        self.commit()
        self.partition = Partition(self.stage, self.store)

    def row(self, key: bytes) -> Any:
        """The row under ``key`` after a commit, or None."""
        self.commit()
        return self.partition.read(key)


def _decoded(output: Output, at_ms: int) -> Emitted:
    if output.value is None:
        return Emitted(output.topic.name, output.key, "tombstone", None, None, output.headers, at_ms)
    value: Any = output.topic.message.FromString(output.value)
    kind = value.WhichOneof("event")
    assert header(output.headers, KIND) == kind.encode(), "the header names another kind than the value"
    return Emitted(output.topic.name, output.key, kind, getattr(value, kind), value, output.headers, at_ms)
