"""Whole verifications over runs of the stages: none finds anything, however they are cut and resumed."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from parley.delivery.v1 import dispatch_pb2
from services.runtime.record import Record
from services.verifier.dump import DumpSource, write_dump
from services.verifier.dump_frames import DumpUnusable
from services.verifier.findings import Findings
from services.verifier.records import Cut, Span
from services.verifier.store import StateUnusable
from services.verifier.verification import verify
from tests.line.doctoring import Run, changed
from tests.line.memory_source import MemorySource
from tests.line.traffic import Traffic


def sums(findings: Findings) -> tuple[object, ...]:
    """What must be the same however a run is cut."""
    ended = {number: findings.checked[number] for number in (1, 2, 5, 6)}
    return findings.records, findings.messages, findings.open, ended, findings.violations


@pytest.mark.parametrize("seed", range(6))
def test_a_run_of_the_stages_holds(seed: int) -> None:
    traffic = Traffic(seed)
    traffic.go(300)
    findings = verify(MemorySource(traffic.line.topics))
    assert findings.violations == []
    assert findings.unchecked[1] == findings.unchecked[2] == findings.unchecked[5] == 0
    assert findings.messages > 100
    assert findings.checked[1] == findings.messages - findings.open
    assert all(findings.checked[number] for number in range(1, 7))


def test_memory_that_forgets_early_finds_the_same() -> None:
    """Rows that leave the memory after a few records come back as they were."""
    traffic = Traffic(11)
    traffic.go(400)
    at_once = verify(MemorySource(traffic.line.topics))
    in_rounds = verify(MemorySource(traffic.line.topics, batch=7), round_records=50)
    assert sums(in_rounds) == sums(at_once)


def test_a_state_goes_on_where_it_stood(tmp_path: Path) -> None:
    traffic = Traffic(12)
    states = []
    for _ in range(5):
        traffic.go(80)
        states.append(verify(MemorySource(traffic.line.topics), tmp_path / "state"))
        assert states[-1].violations == []
    at_once = verify(MemorySource(traffic.line.topics))
    assert sums(states[-1]) == sums(at_once)


@pytest.mark.parametrize("records", [200, 1_000, 2_500])
def test_a_run_that_was_killed_goes_on_where_its_last_round_ended(tmp_path: Path, records: int) -> None:
    traffic = Traffic(20)
    traffic.go(400)

    def kill(folded: int, _: int) -> None:
        if folded >= records:
            raise Killed

    with pytest.raises(Killed):
        verify(MemorySource(traffic.line.topics, 7), tmp_path, advance=kill, round_records=150)
    resumed = verify(MemorySource(traffic.line.topics, 7), tmp_path)
    assert sums(resumed) == sums(verify(MemorySource(traffic.line.topics)))


def test_a_state_serves_one_run_at_a_time(tmp_path: Path) -> None:
    def another(_: int, __: int) -> None:
        verify(MemorySource({}), tmp_path)

    traffic = Traffic(20)
    traffic.go(10)
    with pytest.raises(StateUnusable, match="cannot be opened"):
        verify(MemorySource(traffic.line.topics), tmp_path, advance=another)


def test_nothing_new_changes_nothing(tmp_path: Path) -> None:
    traffic = Traffic(13)
    traffic.go(100)
    first = verify(MemorySource(traffic.line.topics), tmp_path / "state")
    again = verify(MemorySource(traffic.line.topics), tmp_path / "state")
    assert sums(again) == sums(first)


@pytest.mark.parametrize("step", range(40, 200, 40))
def test_a_cut_in_the_middle_of_a_run_holds(step: int) -> None:
    """Every prefix in time is a run that is still under way; what comes later completes it."""
    traffic = Traffic(14)
    ends: list[dict[tuple[str, int], int]] = []
    traffic.observe = lambda: ends.append(
        {place: each[-1].offset + 1 if each else 0 for place, each in traffic.line.topics.items()}
    )
    traffic.go(200)
    source = CutShort(traffic.line.topics, ends[step], ends[-1])
    findings = verify(source)
    assert findings.violations == []


@pytest.mark.parametrize("topic", ["ledger", "statuses", "usage", "consents", "screened", "dispatch"])
def test_a_tail_cut_off_is_seen_by_who_read_it(tmp_path: Path, topic: str) -> None:
    traffic = Traffic(15)
    traffic.go(200)
    topics = dict(traffic.line.topics)
    assert verify(MemorySource(topics), tmp_path / "state").violations == []
    place = max((each for each in topics if each[0] == topic), key=lambda each: len(topics[each]))
    topics[place] = topics[place][:-1]
    found = verify(MemorySource(topics), tmp_path / "state").violations
    assert [each.place for each in found] == [(*place, topics[place][-1].offset + 1)]


def test_entries_written_over_a_tail_that_was_cut_off_do_not_fit(tmp_path: Path) -> None:
    traffic = Traffic(16)
    traffic.go(200)
    topics = dict(traffic.line.topics)
    place = max((each for each in topics if each[0] == "ledger"), key=lambda each: len(topics[each]))
    earlier = {**topics, place: topics[place][:-2]}
    verify(MemorySource(earlier), tmp_path / "state")
    forged = [*topics[place][:-3], topics[place][-2], topics[place][-1]]
    offsets = [each.offset for each in topics[place]]
    again = zip([*forged, topics[place][-1]], offsets, strict=True)
    topics[place] = [each._replace(offset=offset) for each, offset in again]
    found = verify(MemorySource(topics), tmp_path / "state").violations
    assert 5 in {each.invariant for each in found}
    assert {each.place.topic for each in found if each.invariant == 5} == {"ledger"}


@pytest.mark.parametrize("number", [1, 2])
def test_an_attempt_for_a_message_that_was_settled_in_an_earlier_round(tmp_path: Path, number: int) -> None:
    """Compaction has taken the first attempt and the tombstone; the message ended long ago."""
    traffic = Traffic(25)
    traffic.go(150)
    run = Run(traffic.line.topics)
    line = next(
        each
        for each in run.lines("outbox", "attempt_emitted")
        if run.has("ledger", each.message_id, "captured")
    )
    place = ("outbox", line.record.partition)
    kept = [each for each in run.topics[place] if each.key != line.record.key]
    topics = {**run.topics, place: kept}
    assert verify(MemorySource(topics), tmp_path / "state").violations == []

    def numbered(message: Any) -> None:
        message.attempt_emitted.attempt = number

    again = changed(line.record, numbered)._replace(
        offset=kept[-1].offset + 1, timestamp_ms=kept[-1].timestamp_ms
    )
    topics[place] = [*kept, again]
    found = verify(MemorySource(topics), tmp_path / "state").violations
    assert [(each.invariant, each.place) for each in found] == [(3, (*place, again.offset))]


def test_a_read_status_is_proved_by_a_receipt_that_comes_later(tmp_path: Path) -> None:
    """The message was settled as delivered; then it is read, and at last the receipt is dropped."""
    traffic = Traffic(2)
    traffic.go(150)
    run = Run(traffic.line.topics)
    line = next(
        each
        for each in run.lines("statuses", "read")
        if run.has("statuses", each.message_id, "delivered") and not run.follows(each, same_key=False)
    )
    receipts = [
        each.record.offset
        for each in run.lines("dispatch", "receipt_received")
        if each.message_id == line.message_id and each.event.receipt == dispatch_pb2.RECEIPT_READ
    ]
    statuses, dispatch = ("statuses", line.record.partition), ("dispatch", line.record.partition)
    unread = {
        **run.topics,
        statuses: run.partition_of(line)[:-1],
        dispatch: [each for each in run.topics[dispatch] if each.offset not in receipts],
    }
    unseen = {**unread, statuses: run.topics[statuses]}
    assert verify(MemorySource(unread), tmp_path / "state").violations == []
    found = verify(MemorySource(unseen), tmp_path / "state").violations
    assert [(each.invariant, each.place.topic) for each in found] == [(6, "statuses")]


def test_a_violation_is_remembered_and_named_once(tmp_path: Path) -> None:
    traffic = Traffic(17)
    traffic.go(150)
    place = next(each for each in traffic.line.topics if each[0] == "statuses")
    records = traffic.line.topics[place]
    traffic.line.topics[place] = [*records, records[0]._replace(offset=records[-1].offset + 1)]
    first = verify(MemorySource(traffic.line.topics), tmp_path / "state").violations
    assert len(first) == 1
    assert verify(MemorySource(traffic.line.topics), tmp_path / "state").violations == first


def test_a_state_serves_its_own_topics_only(tmp_path: Path) -> None:
    verify(MemorySource({}), tmp_path / "state")
    other = MemorySource({})
    other.identity = "other topics"
    with pytest.raises(StateUnusable, match="belongs to memory, not to other topics"):
        verify(other, tmp_path / "state")


@pytest.mark.parametrize("name", ["run.dump", "run.dump.gz"])
def test_a_dump_holds_what_the_topics_hold(tmp_path: Path, name: str) -> None:
    traffic = Traffic(18)
    traffic.go(200)
    written = write_dump(MemorySource(traffic.line.topics), "", tmp_path / name)
    with closing(DumpSource(tmp_path / name)) as source:
        findings = verify(source)
    assert sums(findings) == sums(verify(MemorySource(traffic.line.topics)))
    assert written == sum(findings.records.values())


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda text: b"PK" + text, "is no dump"),
        (lambda text: text[:-3], "middle of a frame"),
        (lambda text: text + b"\xff" * 9, "frame of more than"),
        (lambda text: text + b"\x02\xff\xff", "cannot be read"),
        (lambda text: text[:14], "does not begin with a cut"),
    ],
)
def test_a_damaged_dump_is_refused(tmp_path: Path, damage: object, sentence: str) -> None:
    traffic = Traffic(19)
    traffic.go(20)
    file = tmp_path / "run.dump"
    write_dump(MemorySource(traffic.line.topics), "", file)
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    with pytest.raises(DumpUnusable, match=sentence), closing(DumpSource(file)) as source:
        verify(source)


def test_a_dump_of_other_partitions_is_refused(tmp_path: Path) -> None:
    traffic = Traffic(20)
    traffic.go(200)
    topics = {place: records for place, records in traffic.line.topics.items() if place != ("usage", 0)}
    file = tmp_path / "run.dump"
    write_dump(MemorySource(topics), "", file)
    with pytest.raises(DumpUnusable, match=r"usage has 1 partitions, .* set PARLEY_PARTITION_FACTOR=1"):
        DumpSource(file)


@pytest.mark.parametrize("seed", range(3))
def test_what_retention_deleted_is_no_violation(seed: int) -> None:
    """All topics but ledger and consents lose their older half; the rest is judged as far as it can be."""
    traffic = Traffic(seed + 30)
    traffic.go(300)
    middle_ms = traffic.now_ms - (traffic.now_ms - Traffic(0).now_ms) // 2
    kept = {
        place: [each for each in records if each.timestamp_ms >= middle_ms]
        if place[0] not in ("ledger", "consents", "settings")
        else list(records)
        for place, records in traffic.line.topics.items()
    }
    findings = verify(MemorySource(kept, whole=traffic.line.topics))
    assert findings.violations == []
    assert all(findings.unchecked[number] for number in (1, 2, 3, 4))
    assert findings.checked[5] == sum(len(each) for place, each in kept.items() if place[0] == "ledger")


class Killed(Exception):
    """The verification dies in the middle."""


class CutShort(MemorySource):
    """Topics as they were earlier, then as they are."""

    def __init__(
        self,
        topics: dict[tuple[str, int], list[Record]],
        earlier: dict[tuple[str, int], int],
        now: dict[tuple[str, int], int],
    ) -> None:
        super().__init__(topics)
        self._cuts = [earlier, now]

    def cut(self) -> Cut:
        ends = self._cuts.pop(0)
        return {place: Span(0, ends.get(place, 0)) for place in super().cut()}
