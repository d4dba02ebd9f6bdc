"""Records that cannot be applied: what DESIGN tells apart by kind, each in another way of being bad."""

from collections.abc import Callable
from itertools import count as count_from
from typing import NamedTuple

import pytest
from google.protobuf.message import Message

from parley.billing.v1 import usage_pb2
from parley.consent.v1 import screened_pb2
from parley.delivery.v1 import dispatch_pb2, statuses_pb2
from parley.intake.v1 import intake_pb2
from parley.runtime.v1 import runtime_pb2
from parley.settings.v1 import settings_pb2
from services.consent.stage import ConsentStage
from services.contracts.headers import KIND, MESSAGE_ID, header, headers_for
from services.contracts.placement import partition_of
from services.delivery.stage import DeliveryStage
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.record import VALUE_BYTES_MAX
from services.runtime.stage import Stage
from services.session_window.stage import SessionWindowStage
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig import events
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.events import Event
from tests.integration.hard_cases.rig.standing import Standing
from tests.integration.hard_cases.rig.tally import Tally, keys
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until
from tests.unit.runtime.counting_stage import message

AT_MS = events.now_ms()
A, B = "u1_a", "u1_b"
LARGE = b" " * VALUE_BYTES_MAX
"""Content that ingress would refuse, and that a stage cannot forward."""


def letters(world: World) -> list[tuple[str, str]]:
    """Message (or kind, where there is none) and reason of each letter, which is as it lay in the input."""
    found = [runtime_pb2.DeadLettered.FromString(each.value or b"") for each in world.read("dead-letters")]
    lay = {(each.partition, each.offset): each for each in world.read(world.stage.input.name)}
    for each in found:
        record = lay.pop((each.partition, each.offset))
        assert (each.key, each.topic) == (record.key, record.topic)
        assert each.value in (record.value, b"")
        assert [(header.name, header.value) for header in each.headers] == record.headers
    return sorted((each.message_id or each.kind, each.reason) for each in found)


def failed(world: World) -> list[str]:
    """Messages of which delivery is told that they failed."""
    told = [each for each in world.read("dispatch") if header(each.headers, KIND) == b"send_failed"]
    for each in told:
        event = dispatch_pb2.DispatchEvent.FromString(each.value or b"").send_failed
        assert (event.refusal.code, event.message_id.encode()) == (131_000, header(each.headers, MESSAGE_ID))
    return sorted((header(each.headers, MESSAGE_ID) or b"").decode() for each in told)


class SetAside(NamedTuple):
    """A stage, what it must go past, and what it must do all the same."""

    stage: type[Stage]
    good: Callable[[str, str, int], Event]
    goes_to: str
    """Topic in which each good record shows once."""
    requests: list[Event]
    """Their messages fail. The id says in which way they are bad."""
    informs: list[Event]


CASES = [
    SetAside(
        ConsentStage,
        events.wrote,
        "inbox",
        [
            events.undecodable(events.send_requested("undecodable", A, AT_MS)),
            events.misplaced(events.send_requested("invariant", A, AT_MS), B),
            events.send_requested("too_large", A, AT_MS, LARGE),
        ],
        [events.undecodable(events.intake(A, intake_pb2.CustomerMessageRead(user_ref=A)))],
    ),
    SetAside(
        SessionWindowStage,
        events.send_screened,
        "usage",
        [
            events.undecodable(events.send_screened("undecodable", A, AT_MS)),
            events.misplaced(events.send_screened("invariant", A, AT_MS), B),
        ],
        [events.undecodable(events.screened(A, runtime_pb2.Ticked(at_ms=AT_MS)))],
    ),
    SetAside(
        RateAndBillStage,
        events.send_assessed,
        "dispatch",
        [
            events.undecodable(events.send_assessed("undecodable", A, AT_MS)),
            events.misplaced(events.send_assessed("invariant", A, AT_MS), B),
        ],
        [events.undecodable(events.usage(A, runtime_pb2.Ticked(at_ms=AT_MS)))],
    ),
    SetAside(
        DeliveryStage,
        events.content_held,
        "statuses",
        [
            events.undecodable(events.content_held("undecodable", A, AT_MS)),
            events.content_held("invariant", A, AT_MS, ttl_ms=0),
        ],
        [
            events.dispatch(A, dispatch_pb2.ReceiptReceived(message_id="invariant")),
            events.undecodable(events.dispatch(A, dispatch_pb2.CustomerWasOffline())),
            events.undecodable(events.dispatch(A, dispatch_pb2.CustomerConnected())),
            events.undecodable(events.dispatch(A, dispatch_pb2.ReadMarkRequested())),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stage.name)
def test_requests_fail_and_what_informs_is_only_set_aside(make_world: MakeWorld, case: SetAside) -> None:
    world = make_world(case.stage, *OUTPUTS[case.stage])
    events.put(world, *(case.good(f"before-{who}", who, AT_MS) for who in (A, B)))
    events.put(world, *case.requests, *case.informs)
    events.put(world, *(case.good(f"after-{who}", who, AT_MS) for who in (A, B)))
    world.settle()
    bad = [*case.requests, *case.informs]
    assert [name for name, _ in letters(world)] == sorted(_name(each) for each in bad)
    assert all(reason in (name, "undecodable") for name, reason in letters(world))
    assert failed(world) == sorted(_name(each) for each in case.requests)
    ids = [(header(each.headers, MESSAGE_ID) or b"").decode() for each in world.read(case.goes_to)]
    goods = [f"{when}-{who}" for when in ("before", "after") for who in (A, B)]
    assert sorted(each for each in ids if each in goods) == sorted(goods)


OUTPUTS: dict[type[Stage], tuple[str, ...]] = {
    ConsentStage: ("screened", "inbox", "consents"),
    SessionWindowStage: ("usage", "windows"),
    RateAndBillStage: ("ledger",),
    DeliveryStage: ("outbox", "statuses", "usage"),
}
"""What each writes, besides dispatch and dead-letters."""


def _name(event: Event) -> str:
    return (header(event.headers, MESSAGE_ID) or header(event.headers, KIND) or b"").decode()


class Stop(NamedTuple):
    """A stage, a record that stops its partition, and a good one."""

    stage: type[Stage]
    bad: list[Event]
    """The last one is bad."""
    good: Event


def undecodable_intake(event: Message) -> Stop:
    """What changes whom a business may write to."""
    return Stop(ConsentStage, [events.undecodable(events.intake(A, event))], events.wrote("good", A, AT_MS))


def undecodable_dispatch(event: Message) -> Stop:
    """What changes what becomes of a message."""
    bad = events.undecodable(events.dispatch(A, event))
    return Stop(DeliveryStage, [bad], events.content_held("good", A, AT_MS))


def undecodable_usage(event: Message) -> Stop:
    """What changes what is owed."""
    bad = events.undecodable(events.usage(A, event))
    return Stop(RateAndBillStage, [bad], events.send_assessed("good", A, AT_MS))


STOPS = [
    Stop(ConsentStage, [events.wrote("large", A, AT_MS, LARGE)], events.wrote("good", A, AT_MS)),
    undecodable_intake(intake_pb2.CustomerBlocked()),
    undecodable_intake(intake_pb2.CustomerUnblocked()),
    undecodable_intake(intake_pb2.OptInRecorded()),
    undecodable_intake(intake_pb2.OptOutRecorded()),
    Stop(
        SessionWindowStage,
        [events.misplaced(events.wrote_screened("of another", B, AT_MS), A)],
        events.wrote_screened("good", A, AT_MS),
    ),
    undecodable_usage(settings_pb2.SettingChanged(key="business/1", version=1)),
    undecodable_usage(usage_pb2.MessageDelivered(message_id="good")),
    undecodable_usage(usage_pb2.MessageUndelivered(message_id="good")),
    Stop(
        DeliveryStage,
        [events.authorized("good", A), events.authorized("good", A)],
        events.content_held("good", A, AT_MS),
    ),
    undecodable_dispatch(dispatch_pb2.ConsentChanged(consent_id="consent.1.2")),
    undecodable_dispatch(dispatch_pb2.SendRefused(message_id="good")),
    undecodable_dispatch(dispatch_pb2.SendFailed(message_id="good")),
    undecodable_dispatch(dispatch_pb2.NoticeRequested(notice_id="notice.1.2")),
]


def test_each_kind_of_record_is_tried_here() -> None:
    """Those that fail, those that only inform, and those that stop their partition."""
    tried = {(case.stage.input.name, _kind(case.bad[-1])) for case in STOPS}
    tried |= {(case.stage.input.name, _kind(each)) for case in CASES for each in case.requests + case.informs}
    declared = {
        (stage.input.name, member.name)
        for stage in OUTPUTS
        for member in stage.input.message.DESCRIPTOR.oneofs_by_name["event"].fields
    }
    # Every stage is sent both by the runtime alone, or treats them alike.
    assert {name for _, name in declared - tried} <= {"ticked", "setting_changed"}


@pytest.mark.parametrize("case", STOPS, ids=lambda case: f"{case.stage.name}-{_kind(case.bad[-1])}")
def test_nobody_goes_past_a_record_that_changes_what_others_mean(make_world: MakeWorld, case: Stop) -> None:
    """Its partition stands at every start, with what lies before it done once; the others go on."""
    world = make_world(case.stage, *OUTPUTS[case.stage])
    elsewhere = ticks_elsewhere(case)
    events.put(world, case.good, *case.bad, case.good, *elsewhere)
    where, bad = partition_of(case.stage.input, case.good.key), len(case.bad)
    going = partition_of(case.stage.input, elsewhere[0].key)
    sentence = f"/{where}/{bad} ({_kind(case.bad[-1])}) cannot be applied"
    made = None
    for turn in (1, 2):
        member = world.start()
        until(lambda member=member: sentence in member.said, "the stop")  # type: ignore[misc]
        events.put(world, *elsewhere)
        done = {where: bad, going: len(elsewhere) * (turn + 1)}
        until(lambda done=done: world.group.offsets() == done, "the others")  # type: ignore[misc]
        member.stop()
        assert world.standing() == Standing(done, done, done)
        assert made in (None, world.read(*OUTPUTS[case.stage]))
        made = world.read(*OUTPUTS[case.stage])
    assert letters(world) == []
    # What delivery reads is not what it has written.
    assert case.stage is DeliveryStage or failed(world) == []


def ticks_elsewhere(case: Stop) -> list[Event]:
    """Ticks on another partition: every stage goes past them."""
    topic = case.stage.input
    keys = (f"elsewhere {number}".encode() for number in count_from(0))
    key = next(each for each in keys if partition_of(topic, each) != partition_of(topic, case.good.key))
    ticked = topic.message()
    ticked.ticked.at_ms = AT_MS  # type: ignore[attr-defined]
    return [Event(key, ticked, headers_for(ticked, "ticked"))] * 2


def _kind(event: Event) -> str:
    return (header(event.headers, KIND) or b"").decode()


def test_the_end_of_a_message_whose_content_cannot_be_read(make_world: MakeWorld) -> None:
    """Delivery ends it, and its authorization is voided, whichever comes first."""
    world = make_world(DeliveryStage, *OUTPUTS[DeliveryStage])
    events.put(world, events.undecodable(events.content_held("lost", A, AT_MS)), events.authorized("lost", A))
    world.settle()
    (status,) = world.read("statuses")
    event = statuses_pb2.StatusEvent.FromString(status.value or b"")
    assert (event.message_id, event.failed.refusal.code) == ("lost", 131_000)
    (outcome,) = world.read("usage")
    ended = usage_pb2.UsageEvent.FromString(outcome.value or b"").message_undelivered
    assert (ended.message_id, ended.expired) == ("lost", False)


@pytest.mark.parametrize("kind", ["send_screened", "customer_message_screened"])
def test_each_way_of_being_bad(world: World, kind: str) -> None:
    """The counting stage fails on demand: each record of the partition but the bad ones is counted once."""
    key, other = keys(0, 2)
    ways = ("bug", "invariant", "large")
    stops = kind == "customer_message_screened"
    world.write([key, other])
    for way in ways[:1] if stops else ways:
        event = message(way, AT_MS)
        world.put(key, event, headers_for(event, kind, message_id=way), AT_MS)
    world.write([key, other])
    if stops:
        for _ in range(2):
            member = world.start()
            until(lambda member=member: "ZeroDivisionError" in member.said, "the stop")  # type: ignore[misc]
            member.stop()
        assert world.standing().group == world.standing().store == {0: 2}
    else:
        world.settle()
        count(world, set_aside={0: {2, 3, 4}})
        assert letters(world) == [("bug", "failing"), ("invariant", "invariant"), ("large", "too_large")]
        assert failed(world) == sorted(ways)


def test_too_many_dead_letters_in_a_minute_stop_the_service(world: World) -> None:
    bad = screened_pb2.ScreenedEvent(send_screened=screened_pb2.SendScreened())
    good = keys(0, 1) + keys(1, 1)
    for number in range(5):
        world.write(good)
        at_ms = events.now_ms()
        headers = headers_for(bad, "send_screened", message_id=f"m{number}")
        world.put(keys(0, 1)[0], b"\xff\xff", headers, at_ms)
    world.flush()
    member = world.start(PARLEY_DEAD_LETTERS_PER_MINUTE="3")
    assert member.wait() == 1
    assert "more than 3 records could not be applied within a minute" in member.last_words
    assert len(letters(world)) <= 3

    world.settle()
    count(world, set_aside={0: {1, 3, 5, 7, 9}})
    assert failed(world) == [f"m{number}" for number in range(5)]
    assert len(letters(world)) == 5
    assert world.stage is Tally
