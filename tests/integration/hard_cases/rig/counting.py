"""Counts input against output and state: every input record has its effect exactly once, or this raises."""

from collections import Counter
from collections.abc import Container, Mapping

from parley.window.v1 import window_row_pb2, windows_pb2
from tests.integration.hard_cases.rig.expected import Told, expected
from tests.integration.hard_cases.rig.standing import changelog_metas, stored
from tests.integration.hard_cases.rig.world import World
from tests.integration.reading import Found

NOBODY: Mapping[int, Container[int]] = {}


class Miscounted(AssertionError):
    """A record's effect is lost, or is there twice."""


def count(
    world: World, ordinals: tuple[int, ...] = (0,), set_aside: Mapping[int, Container[int]] = NOBODY
) -> None:
    """Count all of a world in which no process of the counting stage runs, and no input is left.

    ``set_aside`` are the input offsets, by partition, that are no messages for the stage. The local store of
    each partition is looked for at the replicas ``ordinals``: one has to be where the group is, and one that
    is not has to hold what was true at its own offset.
    """
    world.wait_closed()
    stage = world.stage
    by_topic: dict[str, list[Found]] = {stage.input.name: [], stage.changelog.name: [], "windows": []}
    for record in world.read(*by_topic):
        by_topic[record.topic.removeprefix(world.prefix)].append(record)
    outputs = _told(by_topic["windows"])
    metas = changelog_metas(by_topic[stage.changelog.name])
    inputs: dict[int, list[Found]] = {}
    for record in by_topic[stage.input.name]:
        inputs.setdefault(record.partition, []).append(record)
    last = {number: each[-1].offset + 1 for number, each in inputs.items()}
    _same("group offsets", world.group.offsets(), last)
    _same("offsets in the changelog", {number: each.next_offset for number, each in metas.items()}, last)
    wanted: list[Told] = []
    for number, records in inputs.items():
        aside = set_aside.get(number, ())
        effect = expected(records, aside)
        wanted += effect.told
        _same("stage time", metas[number].stage_time_ms, effect.stage_time_ms)
        _same("rows in the changelog", _fold(by_topic[stage.changelog.name], number), effect.rows)
        _count_stores(world, number, records, aside, ordinals)
    _count_told(outputs, wanted)


def _count_told(outputs: list[Told], wanted: list[Told]) -> None:
    found, due = Counter(outputs), Counter(wanted)
    if found != due:
        raise Miscounted(
            f"lost {sorted((due - found).elements())[:5]}, too many {sorted((found - due).elements())[:5]}; "
            f"{len(outputs)} outputs for {len(wanted)}"
        )
    _same("order", _by_key(outputs), _by_key(wanted))


def _by_key(outputs: list[Told]) -> dict[bytes, list[Told]]:
    grouped: dict[bytes, list[Told]] = {}
    for each in outputs:
        grouped.setdefault(each.key, []).append(each)
    return grouped


def _count_stores(
    world: World, number: int, records: list[Found], aside: Container[int], ordinals: tuple[int, ...]
) -> None:
    at = []
    for ordinal in ordinals:
        found = stored(world.store_path(number, ordinal))
        if found is not None:
            meta, rows = found
            effect = expected([each for each in records if each.offset < meta.next_offset], aside)
            _same(f"rows in store {ordinal}/{number} at {meta.next_offset}", _parsed(rows), effect.rows)
            at.append(meta.next_offset)
    if records[-1].offset + 1 not in at:
        raise Miscounted(f"no store of partition {number} is at {records[-1].offset + 1}, only {at}")


def told(world: World) -> list[Told]:
    """All outputs of the counting stage."""
    return _told(world.read("windows"))


def _told(records: list[Found]) -> list[Told]:
    events = [(each, windows_pb2.WindowEvent.FromString(each.value or b"")) for each in records]
    return [
        Told(event.opened_by, each.key, event.opened_at_ms, event.account_id, each.timestamp_ms)
        for each, event in events
    ]


def _fold(records: list[Found], partition: int) -> dict[bytes, window_row_pb2.WindowRow]:
    last = {each.key: each.value for each in records if each.partition == partition}
    return _parsed({key: value for key, value in last.items() if value is not None})


def _parsed(rows: Mapping[bytes, bytes]) -> dict[bytes, window_row_pb2.WindowRow]:
    """Without what belongs to the runtime."""
    return {
        key: window_row_pb2.WindowRow.FromString(value)
        for key, value in rows.items()
        if not key.startswith(b"\x00")
    }


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Miscounted(f"{what}: {str(found)[:400]} instead of {str(wanted)[:400]}")
