"""What becomes of a record that cannot be applied and may be gone past."""

import pytest

from parley.delivery.v1 import dispatch_pb2
from services.contracts.headers import CONVERSATION, KIND, MESSAGE_ID, TRACEPARENT
from services.runtime.log import TransactionFailed
from services.runtime.points import Point
from services.runtime.record import Record
from services.runtime.stage_exit import StageMustExit
from tests.unit.runtime.counting_stage import record
from tests.unit.runtime.memory_log import COMMITTED
from tests.unit.runtime.runner.rig import BAD, Rig, bad


@pytest.mark.parametrize("kind", ["send_requested", "send_screened", "send_assessed", "content_held"])
def test_a_request_that_cannot_be_applied_is_failed(rig: Rig, kind: str) -> None:
    rig.log.give(record(0), bad(kind)._replace(timestamp_ms=44), record(2))
    rig.drain()
    assert rig.counts() == [1, 2]
    (letter,) = rig.letters()
    assert (letter.stage, letter.topic, letter.partition, letter.offset) == ("counting", BAD.topic, 0, 1)
    assert (letter.key, letter.value, letter.kind, letter.message_id) == (BAD.key, BAD.value, kind, "wamid.1")
    assert (letter.reason, letter.recorded_at_ms) == ("invariant", 44)
    assert letter.error == "InvariantBroken: the message says so"
    (failed,) = rig.values("dispatch")
    event = dispatch_pb2.DispatchEvent.FromString(failed).send_failed
    assert (event.message_id, event.refusal.code, event.failed_at_ms) == ("wamid.1", 131_000, 44)
    assert "parley.screened/0/1" in event.refusal.details
    ((_, number),) = [
        place for place, entries in rig.log.topics.items() if place[0] == "dispatch" and entries
    ]
    (entry,) = [each for each in rig.log.topics["dispatch", number] if each.state == COMMITTED]
    assert (entry.key, entry.timestamp_ms) == (b"b:u", 44)
    assert (KIND, b"send_failed") in entry.headers
    assert (MESSAGE_ID, b"wamid.1") in entry.headers
    assert Point.SET_ASIDE in rig.points


def test_a_request_is_failed_in_the_conversation_that_its_header_names(rig: Rig) -> None:
    rig.log.give(bad("send_assessed", **{CONVERSATION: b"b:other"}))
    rig.drain()
    entries = [each for (name, _), found in rig.log.topics.items() if name == "dispatch" for each in found]
    assert [each.key for each in entries if each.state == COMMITTED] == [b"b:other"]


def test_a_record_set_aside_keeps_its_trace(rig: Rig) -> None:
    rig.log.give(bad("send_screened", **{TRACEPARENT: b"00-a-b-01"}))
    rig.drain()
    written = [
        each
        for (name, _), found in rig.log.topics.items()
        if name in ("dispatch", "dead-letters")
        for each in found
        if each.state == COMMITTED
    ]
    assert [dict(each.headers)[TRACEPARENT] for each in written] == [b"00-a-b-01"] * 2


@pytest.mark.parametrize(
    "kind",
    [
        "receipt_received",
        "customer_was_offline",
        "customer_connected",
        "customer_message_read",
        "read_mark_requested",
        "ticked",
    ],
)
def test_what_only_informs_is_dead_lettered(rig: Rig, kind: str) -> None:
    rig.log.give(bad(kind), record(2))
    rig.drain()
    assert [letter.kind for letter in rig.letters()] == [kind]
    assert (rig.values("dispatch"), rig.counts(), rig.log.offsets[0]) == ([], [1], 3)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (BAD._replace(value=b"\xff"), "undecodable"),
        (record(1, "bug"), "failing"),
        (record(1, "large"), "too_large"),
    ],
)
def test_the_letter_says_why(rig: Rig, broken: Record, reason: str) -> None:
    rig.log.give(broken._replace(headers=bad("receipt_received").headers))
    rig.drain()
    assert [letter.reason for letter in rig.letters()] == [reason]


def test_a_value_that_makes_the_letter_too_large_is_left_where_it_lies(rig: Rig) -> None:
    rig.log.give(BAD._replace(value=b"\xff" * 990_000, headers=bad("receipt_received").headers))
    rig.drain()
    (letter,) = rig.letters()
    assert (letter.value, letter.offset) == (b"", 1)


def test_too_many_in_a_minute_stop_the_service() -> None:
    rig = Rig(per_minute=3)
    letters = [bad("ticked")._replace(offset=offset) for offset in range(7)]
    rig.log.give(*letters[:3])
    rig.drain()
    rig.now_ms += 60_000
    rig.log.give(*letters[3:6])
    rig.drain()
    rig.now_ms += 59_999
    rig.log.give(letters[6])
    with pytest.raises(StageMustExit, match="more than 3 records could not be applied within a minute"):
        rig.runner.turn(0)
    assert len(rig.letters()) == 6


def test_a_record_whose_batch_is_tried_again_counts_once() -> None:
    rig = Rig(per_minute=1)
    rig.log.give(bad("ticked"))
    rig.log.fail["commit"].extend(TransactionFailed("no coordinator") for _ in range(3))
    rig.drain()
    assert len(rig.letters()) == 1
