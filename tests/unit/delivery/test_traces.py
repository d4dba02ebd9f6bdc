"""Whatever delivery tells about a message carries the trace of the request that made it."""

from collections.abc import Callable

import pytest

from services.contracts.headers import TRACEPARENT
from tests.unit.delivery.rig import (
    DELIVERED,
    READ,
    STOPPED,
    T0,
    TTL_MS,
    DeliveryRig,
    kinds,
)
from tests.unit.stage_rig import Emitted

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FAILED = ("statuses", "failed")
VOIDED = ("usage", "message_undelivered")


def traces(emitted: Emitted) -> list[bytes]:
    return [value for name, value in emitted.headers if name == TRACEPARENT]


AFTERWARDS: list[tuple[str, Callable[[DeliveryRig], list[Emitted]]]] = [
    ("authorized", lambda rig: rig.authorize("m1")),
    ("tried again", lambda rig: rig.authorize("m1") and rig.connect(T0 + 1)),
    ("delivered", lambda rig: rig.authorize("m1") and rig.receipt("m1", DELIVERED, T0 + 1)),
    ("read", lambda rig: rig.authorize("m1") and rig.receipt("m1", READ, T0 + 1)),
    ("refused", lambda rig: rig.refuse("m1", 131047)),
    ("given up", lambda rig: rig.authorize("m1") and rig.give_up("m1")),
    ("expired", lambda rig: rig.authorize("m1") and rig.tick(T0 + TTL_MS)),
    ("stopped", lambda rig: (rig.authorize("m1") and rig.consent(STOPPED)) or rig.connect(T0 + 1)),
]
"""What befalls a message that is held, by records that carry another trace or none."""


@pytest.mark.parametrize("other", [None, b"00-other-other-00"])
@pytest.mark.parametrize(("_name", "happens"), AFTERWARDS, ids=[name for name, _ in AFTERWARDS])
def test_all_that_is_told_about_a_message_carries_its_trace(
    rig: DeliveryRig,
    _name: str,
    happens: Callable[[DeliveryRig], list[Emitted]],
    other: bytes | None,
) -> None:
    rig.traceparent = TRACE
    held_outputs = rig.hold("m1")
    rig.traceparent = other
    rig.restart()
    outputs = held_outputs + happens(rig)
    assert len(outputs) > 1
    assert [traces(each) for each in outputs] == [[TRACE]] * len(outputs)


def test_late_news_of_a_message_carries_its_trace(rig: DeliveryRig) -> None:
    rig.traceparent = TRACE
    rig.send("m1", ttl_ms=1_000)
    rig.hold("m2", ttl_ms=1_000)
    rig.traceparent = None
    rig.tick(T0 + 1_000)
    outputs = rig.receipt("m1", DELIVERED, T0 + 1_001) + rig.authorize("m2", T0 + 1_002)
    assert kinds(outputs) == [("statuses", "delivered_late"), VOIDED]
    assert [traces(each) for each in outputs] == [[TRACE]] * 2


def test_refused_or_given_up_unheld_a_message_has_the_trace_of_the_refusal(rig: DeliveryRig) -> None:
    rig.traceparent = TRACE
    outputs = rig.refuse("m1", 131056, told=True) + rig.give_up("m2")
    rig.traceparent = None
    outputs += rig.authorize("m2")
    assert kinds(outputs) == [FAILED, FAILED, VOIDED]
    assert [traces(each) for each in outputs] == [[TRACE]] * 3


def test_a_notice_and_a_read_mark_keep_their_trace(rig: DeliveryRig) -> None:
    rig.traceparent = TRACE
    notice, mark = rig.notice("notice.3.7") + rig.read_mark("in1")
    rig.traceparent = None
    outputs = [notice, mark, *rig.connect(), *rig.receipt("notice.3.7", DELIVERED, T0)]
    outputs += rig.tick(T0 + TTL_MS)
    assert [traces(each) for each in outputs] == [[TRACE]] * 6


def test_a_message_without_a_trace_has_that_of_what_befalls_it(rig: DeliveryRig) -> None:
    rig.hold("m1")
    rig.traceparent = TRACE
    assert [traces(each) for each in rig.authorize("m1")] == [[TRACE]] * 2
