"""Notices and read marks: what the customer is told that is no message."""

from tests.unit.delivery.rig import (
    BLOCKED,
    CONVERSATION,
    CUSTOMER,
    DELIVERED,
    NUMBER,
    STOPPED,
    T0,
    TTL_MS,
    DeliveryRig,
    kinds,
)

TOMBSTONE = ("outbox", "tombstone")


def test_a_notice_is_shown_in_spite_of_the_stop_it_confirms(rig: DeliveryRig) -> None:
    rig.consent(STOPPED)
    [notice] = rig.notice("notice.3.7")
    assert (notice.kind, notice.key) == ("notice_emitted", f"{CUSTOMER}/notice.3.7".encode())
    assert (notice.event.text, notice.event.attempt) == ("You said STOP.", 1)
    assert notice.value.phone_number_id == NUMBER
    [again] = rig.connect()
    assert again.event.attempt == 2
    assert kinds(rig.receipt("notice.3.7", DELIVERED, T0)) == [TOMBSTONE]
    assert rig.connect() == []
    assert rig.row(CONVERSATION + b"/notice.3.7") is None


def test_a_block_hides_notices_and_read_marks(rig: DeliveryRig) -> None:
    rig.notice("notice.3.7")
    rig.consent(BLOCKED)
    assert rig.read_mark("in1") == []
    assert kinds(rig.connect()) == [TOMBSTONE]


def test_the_newest_read_mark_of_a_number_replaces_the_one_that_waits(rig: DeliveryRig) -> None:
    [first] = rig.read_mark("in1")
    [other] = rig.read_mark("in2", number="2")
    end, second = rig.read_mark("in3")
    assert (end.kind, end.key) == ("tombstone", first.key)
    assert second.event.message_id == "in3"
    assert [each.key for each in rig.connect()] == [other.key, second.key]


def test_a_notice_waits_thirty_days(rig: DeliveryRig) -> None:
    rig.notice("notice.3.7")
    assert rig.tick(T0 + TTL_MS - 1) == []
    assert kinds(rig.tick(T0 + TTL_MS)) == [TOMBSTONE]
    assert rig.connect(T0 + TTL_MS) == []
