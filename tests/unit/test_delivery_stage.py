"""What delivery makes of its records: given, when, then."""

from collections.abc import Callable

import pytest

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.headers import TRACEPARENT
from services.delivery import rules
from services.runtime.stage import InvariantBroken
from tests.unit.delivery_script import (
    BLOCKED,
    BUSINESS,
    CONVERSATION,
    CUSTOMER,
    DAY_MS,
    DELIVERED,
    GRANTED,
    NUMBER,
    PRICING,
    READ,
    STOPPED,
    T0,
    TTL_MS,
    DeliveryBench,
    held,
    kinds,
)
from tests.unit.stage_rig import Emitted

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ATTEMPT = ("outbox", "attempt_emitted")
SENT = ("statuses", "sent")
FAILED = ("statuses", "failed")
TOMBSTONE = ("outbox", "tombstone")
CAPTURED = ("usage", "message_delivered")
VOIDED = ("usage", "message_undelivered")


@pytest.fixture
def bench() -> DeliveryBench:
    bench = DeliveryBench()
    bench.consent(GRANTED)
    return bench


def test_an_accepted_message_is_reported_at_the_time_of_acceptance(bench: DeliveryBench) -> None:
    [status] = bench.hold("m1")
    assert (status.topic, status.kind, status.key) == ("statuses", "accepted", CONVERSATION)
    assert status.value.occurred_at_ms == T0
    assert status.value.callback_data == "order-1"
    assert not status.value.HasField("pricing")


def test_an_authorized_message_is_handed_to_the_channel_with_the_consent_it_rests_on(
    bench: DeliveryBench,
) -> None:
    bench.hold("m1")
    attempt, sent = bench.authorize("m1")
    assert kinds([attempt, sent]) == [ATTEMPT, SENT]
    assert attempt.key == f"{CUSTOMER}/m1".encode()
    assert (attempt.event.attempt, attempt.event.consent_id) == (1, "consent.3.1")
    assert attempt.event.content == b'{"type":"text"}'
    assert attempt.event.customer_number == "16505551234"
    assert attempt.value.connection == ""
    assert sent.value.pricing == PRICING


@pytest.mark.parametrize(("receipt", "status"), [(DELIVERED, "delivered"), (READ, "read")])
def test_the_first_receipt_settles_the_charge(bench: DeliveryBench, receipt: int, status: str) -> None:
    bench.send("m1")
    outcome, report, end = bench.receipt("m1", receipt, T0 + 7)  # type: ignore[arg-type]
    assert kinds([outcome, report, end]) == [CAPTURED, ("statuses", status), TOMBSTONE]
    assert outcome.key == BUSINESS.encode()
    assert dict(outcome.headers)["parley-conversation"] == CONVERSATION
    assert outcome.message_id == "m1"
    assert (outcome.event.delivered_at_ms, outcome.event.consent_id) == (T0 + 7, "consent.3.1")
    assert outcome.event.read is (receipt == READ)
    assert report.value.occurred_at_ms == T0 + 7
    assert report.value.pricing == PRICING
    assert end.key == f"{CUSTOMER}/m1".encode()


def test_read_after_delivered_is_a_status_and_no_second_charge(bench: DeliveryBench) -> None:
    bench.send("m1")
    bench.receipt("m1", DELIVERED, T0 + 1)
    assert kinds(bench.receipt("m1", READ, T0 + 2)) == [("statuses", "read")]


def test_repeats_and_regressions_change_nothing(bench: DeliveryBench) -> None:
    bench.send("m1")
    bench.receipt("m1", READ, T0 + 1)
    assert bench.receipt("m1", DELIVERED, T0 + 2) == []
    assert bench.receipt("m1", READ, T0 + 3) == []


@pytest.mark.parametrize("receipt", [DELIVERED, READ])
def test_after_a_block_the_first_receipt_settles_and_does_not_tell_of_reading(
    bench: DeliveryBench, receipt: dispatch_pb2.Receipt
) -> None:
    bench.send("m1")
    bench.consent(BLOCKED, "consent.3.2")
    outcome, report, end = bench.receipt("m1", receipt, T0 + 7)
    assert kinds([outcome, report, end]) == [CAPTURED, ("statuses", "delivered"), TOMBSTONE]
    assert (outcome.event.delivered_at_ms, outcome.event.read) == (T0 + 7, False)
    assert report.value.pricing == PRICING


@pytest.mark.parametrize(("consent", "told"), [(BLOCKED, []), (STOPPED, [("statuses", "read")])])
def test_after_a_block_nobody_is_told_that_a_delivered_message_is_read(
    bench: DeliveryBench, consent: facts_pb2.Consent, told: list[tuple[str, str]]
) -> None:
    bench.send("m1")
    bench.receipt("m1", DELIVERED, T0 + 1)
    bench.consent(consent, "consent.3.2")
    assert kinds(bench.receipt("m1", READ, T0 + 2)) == told


def test_a_read_receipt_that_comes_again_after_the_block_is_told(bench: DeliveryBench) -> None:
    bench.send("m1")
    bench.consent(BLOCKED, "consent.3.2")
    bench.receipt("m1", READ, T0 + 1)
    bench.consent(GRANTED, "consent.3.3")
    assert kinds(bench.receipt("m1", READ, T0 + 2)) == [("statuses", "read")]


@pytest.mark.parametrize("receipt", [DELIVERED, READ])
def test_nobody_received_what_was_not_handed_over(bench: DeliveryBench, receipt: int) -> None:
    bench.hold("m1")
    assert bench.receipt("m1", receipt, T0 + 1) == []  # type: ignore[arg-type]
    assert kinds(bench.authorize("m1")) == [ATTEMPT, SENT]


def test_a_receipt_for_an_unknown_message_is_counted_and_dropped(bench: DeliveryBench) -> None:
    assert bench.receipt("m9", DELIVERED, T0) == []
    assert bench.dropped == ["receipt"]


@pytest.mark.parametrize(("consent", "code"), [(STOPPED, 131050), (BLOCKED, 131026)])
def test_consent_is_checked_at_dispatch(bench: DeliveryBench, consent: facts_pb2.Consent, code: int) -> None:
    bench.hold("m1")
    bench.consent(consent, "consent.3.2")
    failed, outcome = bench.authorize("m1")
    assert kinds([failed, outcome]) == [FAILED, VOIDED]
    assert failed.event.refusal.code == outcome.event.code == code
    assert failed.event.refusal.details
    assert not failed.value.HasField("pricing")
    assert not outcome.event.expired


@pytest.mark.parametrize(("consent", "code"), [(STOPPED, 131050), (BLOCKED, 131026)])
def test_a_stop_also_stops_what_was_waiting(
    bench: DeliveryBench, consent: facts_pb2.Consent, code: int
) -> None:
    bench.send("m1")
    bench.offline("m1")
    assert bench.consent(consent, "consent.3.2") == []
    failed, outcome, end = bench.connect(T0 + 9)
    assert kinds([failed, outcome, end]) == [FAILED, VOIDED, TOMBSTONE]
    assert failed.event.refusal.code == code
    assert outcome.event.ended_at_ms == failed.value.occurred_at_ms == T0 + 9
    assert bench.connect(T0 + 10) == []


def test_what_waits_is_emitted_again_in_order_of_acceptance(bench: DeliveryBench) -> None:
    for message_id in ("m1", "m2", "m3"):
        bench.send(message_id)
    bench.receipt("m2", DELIVERED, T0 + 1)
    bench.consent(STOPPED, "consent.3.2")
    bench.consent(GRANTED, "consent.3.3")
    again = bench.connect(T0 + 2)
    assert [(each.kind, each.message_id) for each in again] == [
        ("attempt_emitted", "m1"),
        ("attempt_emitted", "m3"),
    ]
    assert {(each.event.attempt, each.event.consent_id) for each in again} == {(2, "consent.3.3")}
    assert {each.value.connection for each in again} == {"c1"}


def test_refused_by_consent_a_message_fails_without_ever_being_held(bench: DeliveryBench) -> None:
    [failed] = bench.refuse("m1", 131056, told=True)
    assert kinds([failed]) == [FAILED]
    assert failed.event.refusal.details == "Wait."
    assert failed.value.customer_number == "16505551234"
    assert failed.value.occurred_at_ms == T0


def test_refused_by_rate_and_bill_a_held_message_fails_and_owes_nothing(bench: DeliveryBench) -> None:
    bench.hold("m1")
    assert kinds(bench.refuse("m1", 131047)) == [FAILED]
    assert bench.refuse("m1", 131047) == []
    assert bench.dropped == ["refusal"]


def test_a_message_given_up_fails_even_when_its_content_was_lost(bench: DeliveryBench) -> None:
    [failed] = bench.give_up("m1")
    assert kinds([failed]) == [FAILED]
    assert (failed.value.business_id, failed.value.user_ref) == (BUSINESS, CUSTOMER)
    assert kinds(bench.authorize("m1")) == [VOIDED]


def test_a_message_given_up_after_its_authorization_is_voided_at_once(bench: DeliveryBench) -> None:
    bench.send("m1")
    assert kinds(bench.give_up("m1")) == [FAILED, VOIDED, TOMBSTONE]
    assert bench.give_up("m1") == []


def test_an_authorization_after_the_end_is_voided_once(bench: DeliveryBench) -> None:
    bench.hold("m1", ttl_ms=1_000)
    [expired] = bench.tick(T0 + 1_000)
    assert kinds([expired]) == [("statuses", "expired")]
    assert expired.event.refusal.code == 131026
    assert expired.value.occurred_at_ms == T0 + 1_000
    [outcome] = bench.authorize("m1")
    assert kinds([outcome]) == [VOIDED]
    assert outcome.event.expired
    assert outcome.event.ended_at_ms == T0 + 1_000
    with pytest.raises(InvariantBroken):
        bench.authorize("m1")


def test_an_authorization_for_a_forgotten_message_is_voided(bench: DeliveryBench) -> None:
    [outcome] = bench.authorize("m1")
    assert kinds([outcome]) == [VOIDED]
    assert outcome.message_id == "m1"


def test_a_waiting_message_expires_exactly_at_its_time(bench: DeliveryBench) -> None:
    bench.send("m1", ttl_ms=1_000)
    assert bench.tick(T0 + 999) == []
    expired, outcome, end = bench.tick(T0 + 1_000)
    assert kinds([expired, outcome, end]) == [("statuses", "expired"), VOIDED, TOMBSTONE]
    assert outcome.event.expired
    assert outcome.event.ended_at_ms == T0 + 1_000


def test_a_receipt_after_expiry_is_reported_once_and_not_charged(bench: DeliveryBench) -> None:
    bench.send("m1", ttl_ms=1_000)
    bench.tick(T0 + 1_000)
    assert kinds(bench.receipt("m1", DELIVERED, T0 + 1_001)) == [("statuses", "delivered_late")]
    assert bench.receipt("m1", READ, T0 + 1_002) == []
    assert bench.row(CONVERSATION + b"/m1").message.late_receipts == 2


def test_late_receipts_are_counted_up_to_a_limit(bench: DeliveryBench) -> None:
    bench.send("m1")
    bench.give_up("m1")
    for n in range(rules.LATE_RECEIPTS_COUNTED_MAX + 1):
        assert bench.receipt("m1", DELIVERED, T0 + n) == []
    assert bench.row(CONVERSATION + b"/m1").message.late_receipts == rules.LATE_RECEIPTS_COUNTED_MAX


@pytest.mark.parametrize(
    ("end", "days"),
    [("delivered", 7), ("read", 1), ("failed", 1), ("expired", 31)],
)
def test_a_message_is_forgotten_in_time(bench: DeliveryBench, end: str, days: int) -> None:
    bench.send("m1")
    match end:
        case "delivered":
            bench.receipt("m1", DELIVERED, T0)
        case "read":
            bench.receipt("m1", READ, T0)
        case "failed":
            bench.consent(STOPPED)
            bench.connect(T0)
        case "expired":
            bench.tick(T0 + TTL_MS)
    assert bench.row(CONVERSATION + b"/m1").message.held.content == b""
    bench.tick(T0 + days * DAY_MS - 1)
    assert bench.row(CONVERSATION + b"/m1") is not None
    assert bench.tick(T0 + days * DAY_MS) == []
    assert bench.row(CONVERSATION + b"/m1") is None
    assert bench.receipt("m1", READ, T0 + days * DAY_MS) == []
    assert bench.dropped == ["receipt"]


def test_how_long_a_message_is_remembered_is_a_setting(bench: DeliveryBench) -> None:
    bench.setting("platform", settings_pb2.Platform(delivered_retention_hours=1))
    bench.send("m1")
    bench.receipt("m1", DELIVERED, T0)
    bench.tick(T0 + 3_600_000)
    assert bench.row(CONVERSATION + b"/m1") is None


def test_a_thousand_may_wait_and_no_more(bench: DeliveryBench) -> None:
    for n in range(rules.WAITING_MAX):
        bench.send(f"m{n}")
    bench.hold("one-too-many")
    failed, outcome = bench.authorize("one-too-many")
    assert kinds([failed, outcome]) == [FAILED, VOIDED]
    assert failed.event.refusal.code == 131056
    assert bench.notice("notice.3.7") == []
    bench.receipt("m0", DELIVERED, T0)
    assert kinds(bench.send("fits"))[1:] == [ATTEMPT, SENT]


def test_a_notice_is_shown_in_spite_of_the_stop_it_confirms(bench: DeliveryBench) -> None:
    bench.consent(STOPPED)
    [notice] = bench.notice("notice.3.7")
    assert (notice.kind, notice.key) == ("notice_emitted", f"{CUSTOMER}/notice.3.7".encode())
    assert (notice.event.text, notice.event.attempt) == ("You said STOP.", 1)
    assert notice.value.phone_number_id == NUMBER
    [again] = bench.connect()
    assert again.event.attempt == 2
    assert kinds(bench.receipt("notice.3.7", DELIVERED, T0)) == [TOMBSTONE]
    assert bench.connect() == []
    assert bench.row(CONVERSATION + b"/notice.3.7") is None


def test_a_block_hides_notices_and_read_marks(bench: DeliveryBench) -> None:
    bench.notice("notice.3.7")
    bench.consent(BLOCKED)
    assert bench.read_mark("in1") == []
    assert kinds(bench.connect()) == [TOMBSTONE]


def test_the_newest_read_mark_of_a_number_replaces_the_one_that_waits(bench: DeliveryBench) -> None:
    [first] = bench.read_mark("in1")
    [other] = bench.read_mark("in2", number="2")
    end, second = bench.read_mark("in3")
    assert (end.kind, end.key) == ("tombstone", first.key)
    assert second.event.message_id == "in3"
    assert [each.key for each in bench.connect()] == [other.key, second.key]


def test_a_notice_waits_thirty_days(bench: DeliveryBench) -> None:
    bench.notice("notice.3.7")
    assert bench.tick(T0 + TTL_MS - 1) == []
    assert kinds(bench.tick(T0 + TTL_MS)) == [TOMBSTONE]
    assert bench.connect(T0 + TTL_MS) == []


def test_an_offline_answer_changes_nothing(bench: DeliveryBench) -> None:
    bench.send("m1")
    assert bench.offline("m1") == []
    assert bench.offline("m9") == []
    assert bench.dropped == ["offline"]


AFTERWARDS: list[tuple[str, Callable[[DeliveryBench], list[Emitted]]]] = [
    ("authorized", lambda bench: bench.authorize("m1")),
    ("tried again", lambda bench: bench.authorize("m1") and bench.connect(T0 + 1)),
    ("delivered", lambda bench: bench.authorize("m1") and bench.receipt("m1", DELIVERED, T0 + 1)),
    ("read", lambda bench: bench.authorize("m1") and bench.receipt("m1", READ, T0 + 1)),
    ("refused", lambda bench: bench.refuse("m1", 131047)),
    ("given up", lambda bench: bench.authorize("m1") and bench.give_up("m1")),
    ("expired", lambda bench: bench.authorize("m1") and bench.tick(T0 + TTL_MS)),
    ("stopped", lambda bench: (bench.authorize("m1") and bench.consent(STOPPED)) or bench.connect(T0 + 1)),
]
"""What befalls a message that is held, by records that carry another trace or none."""


@pytest.mark.parametrize("other", [None, b"00-other-other-00"])
@pytest.mark.parametrize(("_name", "happens"), AFTERWARDS, ids=[name for name, _ in AFTERWARDS])
def test_all_that_is_told_about_a_message_carries_its_trace(
    bench: DeliveryBench,
    _name: str,
    happens: Callable[[DeliveryBench], list[Emitted]],
    other: bytes | None,
) -> None:
    bench.traceparent = TRACE
    held_outputs = bench.hold("m1")
    bench.traceparent = other
    bench.restart()
    outputs = held_outputs + happens(bench)
    assert len(outputs) > 1
    assert [traces(each) for each in outputs] == [[TRACE]] * len(outputs)


def test_late_news_of_a_message_carries_its_trace(bench: DeliveryBench) -> None:
    bench.traceparent = TRACE
    bench.send("m1", ttl_ms=1_000)
    bench.hold("m2", ttl_ms=1_000)
    bench.traceparent = None
    bench.tick(T0 + 1_000)
    outputs = bench.receipt("m1", DELIVERED, T0 + 1_001) + bench.authorize("m2", T0 + 1_002)
    assert kinds(outputs) == [("statuses", "delivered_late"), VOIDED]
    assert [traces(each) for each in outputs] == [[TRACE]] * 2


def test_refused_or_given_up_unheld_a_message_has_the_trace_of_the_refusal(bench: DeliveryBench) -> None:
    bench.traceparent = TRACE
    outputs = bench.refuse("m1", 131056, told=True) + bench.give_up("m2")
    bench.traceparent = None
    outputs += bench.authorize("m2")
    assert kinds(outputs) == [FAILED, FAILED, VOIDED]
    assert [traces(each) for each in outputs] == [[TRACE]] * 3


def test_a_notice_and_a_read_mark_keep_their_trace(bench: DeliveryBench) -> None:
    bench.traceparent = TRACE
    notice, mark = bench.notice("notice.3.7") + bench.read_mark("in1")
    bench.traceparent = None
    outputs = [notice, mark, *bench.connect(), *bench.receipt("notice.3.7", DELIVERED, T0)]
    outputs += bench.tick(T0 + TTL_MS)
    assert [traces(each) for each in outputs] == [[TRACE]] * 6


def test_a_message_without_a_trace_has_that_of_what_befalls_it(bench: DeliveryBench) -> None:
    bench.hold("m1")
    bench.traceparent = TRACE
    assert [traces(each) for each in bench.authorize("m1")] == [[TRACE]] * 2


def traces(emitted: Emitted) -> list[bytes]:
    return [value for name, value in emitted.headers if name == TRACEPARENT]


def test_content_held_twice_or_under_another_key_is_refused(bench: DeliveryBench) -> None:
    bench.hold("m1")
    with pytest.raises(InvariantBroken, match="held already"):
        bench.hold("m1")
    with pytest.raises(InvariantBroken, match="another conversation"):
        bench.feed(held("m2"), b"1:u1_other", T0)
    with pytest.raises(InvariantBroken, match="expires before"):
        bench.hold("m3", ttl_ms=0)
