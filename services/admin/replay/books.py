"""What a replay keeps beside the states of the stages: where it stood, and what waited for its other side."""

import base64
import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from services.admin.replay.lanes import Difference, Lane, Lanes, Made
from services.verifier.records import Place, TopicPartition

FILE = "replay.json"


class StateTorn(Exception):
    """An earlier replay did not end, or was of other topics: one sentence that says what to do."""


class Books(NamedTuple):
    """As an earlier replay left them."""

    positions: dict[TopicPartition, int]
    next_offsets: dict[TopicPartition, int]
    """Where each stage's input partition stands; the stores must agree."""
    lanes: Lanes


def read(state: Path, identity: str) -> Books | None:
    """What is kept in ``state``; None where nothing is. Raises :class:`StateTorn`."""
    try:
        kept = json.loads((state / FILE).read_text())
    except FileNotFoundError:
        return None
    if kept["identity"] != identity:
        raise StateTorn(
            f"The replay's state in {state} belongs to {kept['identity']}: give another directory."
        )
    lanes = Lanes.resumed(
        _queues(kept["written"]),
        _queues(kept["replayed"]),
        {_lane(each) for each in kept["parted"]},
        [Difference(stage, Place(*place), sentence) for stage, place, sentence in kept["differences"]],
    )
    return Books(_places(kept["positions"]), _places(kept["next_offsets"]), lanes)


def write(
    state: Path,
    identity: str,
    positions: Mapping[TopicPartition, int],
    next_offsets: Mapping[TopicPartition, int],
    lanes: Lanes,
) -> None:
    """Keep it, all or nothing. The stores have been written."""
    written, replayed, parted = lanes.pending()
    kept = {
        "identity": identity,
        "positions": _texts(positions),
        "next_offsets": _texts(next_offsets),
        "written": [
            [_bare_lane(lane), [_bare_made(each) for each in queue]] for lane, queue in written.items()
        ],
        "replayed": [
            [_bare_lane(lane), [_bare_made(each) for each in queue]] for lane, queue in replayed.items()
        ],
        "parted": [_bare_lane(lane) for lane in parted],
        "differences": lanes.differences,
    }
    new = state / f"{FILE}.new"
    new.write_text(json.dumps(kept))
    new.replace(state / FILE)


def _texts(offsets: Mapping[TopicPartition, int]) -> dict[str, int]:
    return {f"{topic}/{partition}": offset for (topic, partition), offset in offsets.items()}


def _places(offsets: Mapping[str, int]) -> dict[TopicPartition, int]:
    split = ((name.rpartition("/"), offset) for name, offset in offsets.items())
    return {(topic, int(partition)): offset for (topic, _, partition), offset in split}


def _queues(kept: Any) -> dict[Lane, deque[Made]]:
    return {_lane(lane): deque(_made(each) for each in queue) for lane, queue in kept}


def _bare_lane(lane: Lane) -> list[str]:
    return [lane.stage, lane.topic, lane.key.decode(), lane.conversation.decode()]


def _lane(kept: Any) -> Lane:
    return Lane(kept[0], kept[1], kept[2].encode(), kept[3].encode())


def _bare_made(made: Made) -> list[Any]:
    value = None if made.value is None else base64.b64encode(made.value).decode()
    return [value, made.timestamp_ms, made.place]


def _made(kept: Any) -> Made:
    value = None if kept[0] is None else base64.b64decode(kept[0])
    return Made(value, kept[1], Place(*kept[2]))
