"""Bring a partition's local store to where the group stands, or say why that cannot be.

The changelog holds what the group's transactions wrote, and the last meta record in it says up to which input
offset. The local store is a copy that may be missing, behind, ahead, foreign, too old or too new; the group's
offset may be gone. Nothing here guesses: what does not fit ends the process, naming both sides.
"""

from contextlib import closing
from typing import NamedTuple

import structlog
from google.protobuf.message import DecodeError

from parley.runtime.v1 import runtime_pb2
from services.runtime.clock import Clock
from services.runtime.log import ChangelogRecord, ChangelogTopic, Log
from services.runtime.partition import META_KEY
from services.runtime.rows import Row
from services.runtime.stage import Stage
from services.runtime.stage_exit import StageMustExit
from services.runtime.store import Change, Store

STUCK_MS = 60_000
"""A restore that learns nothing for so long gives up. An abandoned transaction ends in a few seconds."""
COMPLAINT_MS = 5_000
NO_RULES = 0
"""Version in the meta of a store that has rows of a changelog, but no meta record of it yet."""

log = structlog.get_logger()


class Restored(NamedTuple):
    """Where a partition begins."""

    start: int
    """Input offset of the first record to read."""
    records: int
    """Changelog records that were read."""
    rebuilt_because: str | None
    """Why the local store was not used, if there was one."""
    changelog: ChangelogTopic
    """Which changelog the store is a copy of."""


def restore(partition: int, stage: Stage, kafka: Log, store: Store, clock: Clock) -> Restored:
    """Bring the store up to date and say where to begin. Blocks as long as the changelog takes.

    Waits until the last stable offset has reached the end that the changelog had (read uncommitted) after the
    group's offset was known: a transaction that was being committed then is part of the state.
    Raises StageMustExit, and what the log and the store raise.
    """
    return _Restore(partition, stage, kafka, store, clock).run()


def reason_to_rebuild(
    local: runtime_pb2.StateMeta,
    stage: str,
    partition: int,
    changelog: ChangelogTopic,
    end: int,
    now_ms: int,
) -> str | None:
    """Why the local store is of no use; None when the changelog can be read on from where it stands."""
    if local.stage != stage or local.cluster_id != changelog.cluster_id:
        return f"it belongs to {local.stage or 'nobody'} on cluster {local.cluster_id or 'unknown'}"
    if local.partition != partition:
        return f"it belongs to partition {local.partition}"
    if local.changelog_topic_id != changelog.topic_id:
        return "the changelog was made anew"
    if local.changelog_offset > end:
        return f"it is ahead: changelog offset {local.changelog_offset} of {end}"
    if now_ms - local.written_at_ms > changelog.delete_retention_ms // 2:
        return "it is so old that deletions may be gone from the changelog"
    return None


def where_to_begin(meta: runtime_pb2.StateMeta | None, committed: int | None) -> int | None:
    """The input offset at which to begin; None for the beginning of the input.

    Raises StageMustExit, naming both, when they disagree, or when there is an offset and no state.
    """
    if meta is None:
        if committed is None:
            return None
        raise StageMustExit(f"the group's offset is {committed} but the changelog has no state")
    if committed is not None and committed != meta.next_offset:
        raise StageMustExit(f"the group's offset is {committed} but the state is at {meta.next_offset}")
    return meta.next_offset


class _Restore:
    def __init__(self, partition: int, stage: Stage, kafka: Log, store: Store, clock: Clock) -> None:
        self._partition = partition
        self._stage = stage
        self._kafka = kafka
        self._store = store
        self._clock = clock
        self._row_type = stage.changelog.message
        self._records = 0
        self._log = log.bind(partition=partition)

    def run(self) -> Restored:
        began_ms = self._clock()
        # In this order: an offset that is known belongs to a transaction whose records lie before the end.
        committed = self._kafka.committed(self._partition)
        self._changelog = self._kafka.changelog()
        self._end = self._kafka.changelog_end(self._partition)
        self._complete_as_of_ms = self._read_since_ms = began_ms
        local = self._store.meta()
        rebuilt_because = None
        if local is not None:
            rebuilt_because = reason_to_rebuild(
                local, self._stage.name, self._partition, self._changelog, self._end, self._clock()
            )
            if rebuilt_because is None:
                self._refuse_newer(local, "the local store")
                self._read_since_ms = local.written_at_ms
                self._read_from(int(local.changelog_offset))
                if not self._fits(committed):
                    rebuilt_because = "it disagrees with the group's offset"
        if rebuilt_because is not None:
            self._log.warning("rebuilding the local store", reason=rebuilt_because)
            self._store.clear()
            self._read_since_ms = began_ms
        if local is None or rebuilt_because is not None:
            self._read_from(0)
        return Restored(self._begin(committed), self._records, rebuilt_because, self._changelog)

    def _fits(self, committed: int | None) -> bool:
        meta = self._meta()
        return meta is not None and committed in (None, meta.next_offset)

    def _begin(self, committed: int | None) -> int:
        meta = self._meta()
        if meta is not None:
            self._refuse_newer(meta, "the changelog")
        try:
            begin = where_to_begin(meta, committed)
        except StageMustExit as disagreement:
            raise StageMustExit(
                f"{self._stage.name}, partition {self._partition}: {disagreement}; correct one of them"
            ) from None
        if begin is None:
            return self._kafka.input_start(self._partition)
        if committed is None:
            self._log.warning("the group has no offset: going on where the state stands", offset=begin)
        return begin

    def _meta(self) -> runtime_pb2.StateMeta | None:
        meta = self._store.meta()
        if meta is not None and meta.rules_version == NO_RULES:
            raise StageMustExit(
                f"{self._stage.name}, partition {self._partition}: the changelog has rows but no meta record"
            )
        return meta

    def _refuse_newer(self, meta: runtime_pb2.StateMeta, where: str) -> None:
        if meta.rules_version > self._stage.rules_version:
            raise StageMustExit(
                f"{self._stage.name}, partition {self._partition}: {where} was written by version "
                f"{meta.rules_version} of the rules and this is version {self._stage.rules_version}: "
                "run the newer one"
            )
        if meta.stage and meta.stage != self._stage.name:
            raise StageMustExit(f"{where} of {self._stage.name} was written by {meta.stage}")

    def _read_from(self, start: int) -> None:
        if start >= self._end:
            return
        moved_ms = complained_ms = self._clock()
        reached = start
        with closing(self._kafka.read_changelog(self._partition, start)) as pieces:
            for piece in pieces:
                now_ms = self._clock()
                if piece.next_offset > reached:
                    reached, moved_ms = piece.next_offset, now_ms
                    self._keep(piece.records, reached)
                if reached >= self._end:
                    return
                if now_ms - moved_ms > STUCK_MS:
                    raise StageMustExit(
                        f"{self._stage.name}, partition {self._partition}: the changelog cannot be read from "
                        f"{reached} to {self._end}: look for a transaction that is never ended"
                    )
                if now_ms - complained_ms > COMPLAINT_MS:
                    complained_ms = now_ms
                    self._log.info("restoring", changelog_offset=reached, end=self._end)

    def _keep(self, records: list[ChangelogRecord], reached: int) -> None:
        self._records += len(records)
        meta = self._store.meta()
        if not records and meta is None:
            return
        values = dict(records)
        written = values.pop(META_KEY, None)
        if written is not None:
            meta = runtime_pb2.StateMeta.FromString(written)
        elif meta is None:
            meta = runtime_pb2.StateMeta(stage=self._stage.name, rules_version=NO_RULES)
        # What deletes a row that was read first may be gone from the changelog later: until all is read, the
        # store is as old as its oldest part, however often the restore is cut off and taken up again.
        as_of_ms = self._complete_as_of_ms if reached >= self._end else self._read_since_ms
        stamp(meta, self._partition, self._changelog, reached, as_of_ms)
        self._store.write({key: self._change(key, value) for key, value in values.items()}, meta)

    def _change(self, key: bytes, value: bytes | None) -> Change:
        before = self._store.get(key)
        wake_before_ms = 0 if before is None else before.wake_at_ms
        if value is None:
            return Change(None, wake_before_ms)
        if key.startswith(b"\x00"):
            return Change(Row(value, 0), wake_before_ms)
        try:
            row = self._row_type.FromString(value)
        except DecodeError as error:
            raise StageMustExit(
                f"the changelog of {self._stage.name} has no row under {key!r}: {error}"
            ) from None
        return Change(Row(value, row.wake_at_ms), wake_before_ms)  # type: ignore[attr-defined]


def stamp(
    meta: runtime_pb2.StateMeta, partition: int, changelog: ChangelogTopic, reached: int, now_ms: int
) -> None:
    """Write into a meta what only the local store knows: of what it is a copy, up to where, and when."""
    meta.partition = partition
    meta.changelog_offset = reached
    meta.cluster_id = changelog.cluster_id
    meta.changelog_topic_id = changelog.topic_id
    meta.written_at_ms = now_ms
