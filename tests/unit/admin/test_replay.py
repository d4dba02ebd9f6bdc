"""Invariant 7 over runs of the stages: the replay makes what lies in the topics, and shows what does not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from services.admin.replay import replay as replaying
from services.admin.replay.books import StateTorn
from services.admin.replay.replay import Replayed
from services.runtime.memory_store import MemoryStore
from services.runtime.record import Record
from services.verifier.verification import verify
from tests.line.doctoring import Found, Run, changed
from tests.line.memory_source import MemorySource
from tests.line.replayed_cases import CASES
from tests.line.traffic import Traffic

Topics = Mapping[tuple[str, int], Sequence[Record]]


@pytest.fixture(scope="module")
def topics() -> Topics:
    traffic = Traffic(21)
    traffic.go(250)
    return traffic.line.topics


def replay(source: MemorySource, *, drained: bool = False) -> Replayed:
    """A replay that keeps nothing, nor writes to the disk."""
    return replaying.replay(source, "", drained=drained, open_store=lambda _: MemoryStore())


def test_the_same_input_makes_the_same_outputs(topics: Topics) -> None:
    found = replay(MemorySource(topics), drained=True)
    assert found.lanes.differences == []
    assert found.unchecked == {}
    inputs = ("intake", "screened", "usage", "dispatch")
    assert found.records == sum(len(records) for (name, _), records in topics.items() if name in inputs)
    assert found.lanes.compared > len(topics["ledger", 0])


def _edit(topics: Topics, name: str, kind: str, change: Any) -> tuple[Topics, Record]:
    line = next(Run(topics).lines(name, kind))
    place = (name, line.record.partition)
    records = list(topics[place])
    records[Run(topics).index(line)] = changed(line.record, change)
    return {**topics, place: records}, line.record


@pytest.mark.parametrize(
    ("name", "kind", "stage"),
    [
        ("screened", "customer_message_screened", "consent"),
        ("usage", "send_assessed", "session-window"),
        ("ledger", "free", "rate-and-bill"),
        ("dispatch", "send_authorized", "rate-and-bill"),
        ("statuses", "sent", "delivery"),
        ("usage", "message_delivered", "delivery"),
    ],
)
def test_a_record_that_was_edited_is_not_what_the_replay_writes(
    topics: Topics, name: str, kind: str, stage: str
) -> None:
    def edit(message: Any) -> None:
        holder = message if name in ("ledger", "statuses") else getattr(message, kind)
        facts = getattr(holder, "facts", holder)
        facts.message_id += "x"

    edited, record = _edit(topics, name, kind, edit)
    differences = replay(MemorySource(edited)).lanes.differences
    assert (stage, (name, record.partition, record.offset)) in [
        (each.stage, tuple(each.place)) for each in differences
    ]


@pytest.mark.parametrize("name", CASES)
def test_the_replay_finds_what_no_rule_of_the_verifier_speaks_of(topics: Topics, name: str) -> None:
    doctored = CASES[name](Run(topics))
    again = doctored.in_place_of(topics)
    assert verify(MemorySource(again), drained=True).violations == []
    differences = replay(MemorySource(again), drained=True).lanes.differences
    assert {Found(7, *each.place) for each in differences} == doctored.expected


def test_a_record_from_nowhere_is_not_made_again(topics: Topics) -> None:
    place = next(each for each in topics if each[0] == "statuses")
    invented = topics[place][0]._replace(offset=topics[place][-1].offset + 1)
    (difference,) = replay(MemorySource({**topics, place: [*topics[place], invented]})).lanes.differences
    assert tuple(difference.place) == (*place, invented.offset)


def test_what_a_stage_has_not_come_to_is_no_difference_unless_it_is_at_rest(topics: Topics) -> None:
    place = max((each for each in topics if each[0] == "ledger"), key=lambda each: len(topics[each]))
    shorter = {**topics, place: topics[place][:-1]}
    assert replay(MemorySource(shorter)).lanes.differences == []
    (difference,) = replay(MemorySource(shorter), drained=True).lanes.differences
    assert difference.stage == "rate-and-bill"


def test_a_replay_goes_on_where_it_stood(tmp_path: Path) -> None:
    traffic, records = Traffic(22), []
    for _ in range(3):
        traffic.go(60)
        found = replaying.replay(MemorySource(traffic.line.topics), "", tmp_path, drained=True)
        assert found.lanes.differences == []
        records.append(found.records)
    assert sum(records) == replay(MemorySource(traffic.line.topics)).records


def test_a_replay_that_did_not_end_is_begun_anew_by_hand(tmp_path: Path) -> None:
    traffic = Traffic(23)
    traffic.go(60)
    replaying.replay(MemorySource(traffic.line.topics), "", tmp_path)
    (tmp_path / "replay.json").unlink()
    with pytest.raises(StateTorn, match="delete it to begin anew"):
        replaying.replay(MemorySource(traffic.line.topics), "", tmp_path)


def test_without_its_first_records_a_partition_cannot_be_replayed(topics: Topics) -> None:
    place = max((each for each in topics if each[0] == "intake"), key=lambda each: len(topics[each]))
    found = replay(MemorySource({**topics, place: topics[place][3:]}, whole=topics), drained=True)
    assert found.unchecked == {
        f"{place[0]}/{place[1]}": f"what lay before offset {topics[place][3].offset} has been deleted"
    }
    assert found.lanes.differences == []
