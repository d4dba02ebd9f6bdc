"""What delivery makes of its records: given, when, then."""

import pytest

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.delivery import rules
from services.runtime.stage import InvariantBroken
from tests.unit.delivery.rig import (
    BLOCKED,
    BUSINESS,
    CONVERSATION,
    CUSTOMER,
    DAY_MS,
    DELIVERED,
    GRANTED,
    PRICING,
    READ,
    STOPPED,
    T0,
    TTL_MS,
    DeliveryRig,
    held,
    kinds,
)

ATTEMPT = ("outbox", "attempt_emitted")
SENT = ("statuses", "sent")
FAILED = ("statuses", "failed")
TOMBSTONE = ("outbox", "tombstone")
CAPTURED = ("usage", "message_delivered")
VOIDED = ("usage", "message_undelivered")


def test_an_accepted_message_is_reported_at_the_time_of_acceptance(rig: DeliveryRig) -> None:
    [status] = rig.hold("m1")
    assert (status.topic, status.kind, status.key) == ("statuses", "accepted", CONVERSATION)
    assert status.value.occurred_at_ms == T0
    assert status.value.callback_data == "order-1"
    assert not status.value.HasField("pricing")


def test_an_authorized_message_is_handed_to_the_channel_with_the_consent_it_rests_on(
    rig: DeliveryRig,
) -> None:
    rig.hold("m1")
    attempt, sent = rig.authorize("m1")
    assert kinds([attempt, sent]) == [ATTEMPT, SENT]
    assert attempt.key == f"{CUSTOMER}/m1".encode()
    assert (attempt.event.attempt, attempt.event.consent_id) == (1, "consent.3.1")
    assert attempt.event.content == b'{"type":"text"}'
    assert attempt.event.customer_number == "16505551234"
    assert attempt.value.connection == ""
    assert sent.value.pricing == PRICING


@pytest.mark.parametrize(("receipt", "status"), [(DELIVERED, "delivered"), (READ, "read")])
def test_the_first_receipt_settles_the_charge(rig: DeliveryRig, receipt: int, status: str) -> None:
    rig.send("m1")
    outcome, report, end = rig.receipt("m1", receipt, T0 + 7)  # type: ignore[arg-type]
    assert kinds([outcome, report, end]) == [CAPTURED, ("statuses", status), TOMBSTONE]
    assert outcome.key == BUSINESS.encode()
    assert dict(outcome.headers)["parley-conversation"] == CONVERSATION
    assert outcome.message_id == "m1"
    assert (outcome.event.delivered_at_ms, outcome.event.consent_id) == (T0 + 7, "consent.3.1")
    assert outcome.event.read is (receipt == READ)
    assert report.value.occurred_at_ms == T0 + 7
    assert report.value.pricing == PRICING
    assert end.key == f"{CUSTOMER}/m1".encode()


def test_read_after_delivered_is_a_status_and_no_second_charge(rig: DeliveryRig) -> None:
    rig.send("m1")
    rig.receipt("m1", DELIVERED, T0 + 1)
    assert kinds(rig.receipt("m1", READ, T0 + 2)) == [("statuses", "read")]


def test_repeats_and_regressions_change_nothing(rig: DeliveryRig) -> None:
    rig.send("m1")
    rig.receipt("m1", READ, T0 + 1)
    assert rig.receipt("m1", DELIVERED, T0 + 2) == []
    assert rig.receipt("m1", READ, T0 + 3) == []


@pytest.mark.parametrize("receipt", [DELIVERED, READ])
def test_after_a_block_the_first_receipt_settles_and_does_not_tell_of_reading(
    rig: DeliveryRig, receipt: dispatch_pb2.Receipt
) -> None:
    rig.send("m1")
    rig.consent(BLOCKED, "consent.3.2")
    outcome, report, end = rig.receipt("m1", receipt, T0 + 7)
    assert kinds([outcome, report, end]) == [CAPTURED, ("statuses", "delivered"), TOMBSTONE]
    assert (outcome.event.delivered_at_ms, outcome.event.read) == (T0 + 7, False)
    assert report.value.pricing == PRICING


@pytest.mark.parametrize(("consent", "told"), [(BLOCKED, []), (STOPPED, [("statuses", "read")])])
def test_after_a_block_nobody_is_told_that_a_delivered_message_is_read(
    rig: DeliveryRig, consent: facts_pb2.Consent, told: list[tuple[str, str]]
) -> None:
    rig.send("m1")
    rig.receipt("m1", DELIVERED, T0 + 1)
    rig.consent(consent, "consent.3.2")
    assert kinds(rig.receipt("m1", READ, T0 + 2)) == told


def test_a_read_receipt_that_comes_again_after_the_block_is_told(rig: DeliveryRig) -> None:
    rig.send("m1")
    rig.consent(BLOCKED, "consent.3.2")
    rig.receipt("m1", READ, T0 + 1)
    rig.consent(GRANTED, "consent.3.3")
    assert kinds(rig.receipt("m1", READ, T0 + 2)) == [("statuses", "read")]


@pytest.mark.parametrize("receipt", [DELIVERED, READ])
def test_nobody_received_what_was_not_handed_over(rig: DeliveryRig, receipt: int) -> None:
    rig.hold("m1")
    assert rig.receipt("m1", receipt, T0 + 1) == []  # type: ignore[arg-type]
    assert kinds(rig.authorize("m1")) == [ATTEMPT, SENT]


def test_a_receipt_for_an_unknown_message_is_counted_and_dropped(rig: DeliveryRig) -> None:
    assert rig.receipt("m9", DELIVERED, T0) == []
    assert rig.dropped == ["receipt"]


@pytest.mark.parametrize(("consent", "code"), [(STOPPED, 131050), (BLOCKED, 131026)])
def test_consent_is_checked_at_dispatch(rig: DeliveryRig, consent: facts_pb2.Consent, code: int) -> None:
    rig.hold("m1")
    rig.consent(consent, "consent.3.2")
    failed, outcome = rig.authorize("m1")
    assert kinds([failed, outcome]) == [FAILED, VOIDED]
    assert failed.event.refusal.code == outcome.event.code == code
    assert failed.event.refusal.details
    assert not failed.value.HasField("pricing")
    assert not outcome.event.expired


@pytest.mark.parametrize(("consent", "code"), [(STOPPED, 131050), (BLOCKED, 131026)])
def test_a_stop_also_stops_what_was_waiting(rig: DeliveryRig, consent: facts_pb2.Consent, code: int) -> None:
    rig.send("m1")
    rig.offline("m1")
    assert rig.consent(consent, "consent.3.2") == []
    failed, outcome, end = rig.connect(T0 + 9)
    assert kinds([failed, outcome, end]) == [FAILED, VOIDED, TOMBSTONE]
    assert failed.event.refusal.code == code
    assert outcome.event.ended_at_ms == failed.value.occurred_at_ms == T0 + 9
    assert rig.connect(T0 + 10) == []


def test_what_waits_is_emitted_again_in_order_of_acceptance(rig: DeliveryRig) -> None:
    for message_id in ("m1", "m2", "m3"):
        rig.send(message_id)
    rig.receipt("m2", DELIVERED, T0 + 1)
    rig.consent(STOPPED, "consent.3.2")
    rig.consent(GRANTED, "consent.3.3")
    again = rig.connect(T0 + 2)
    assert [(each.kind, each.message_id) for each in again] == [
        ("attempt_emitted", "m1"),
        ("attempt_emitted", "m3"),
    ]
    assert {(each.event.attempt, each.event.consent_id) for each in again} == {(2, "consent.3.3")}
    assert {each.value.connection for each in again} == {"c1"}


def test_refused_by_consent_a_message_fails_without_ever_being_held(rig: DeliveryRig) -> None:
    [failed] = rig.refuse("m1", 131056, told=True)
    assert kinds([failed]) == [FAILED]
    assert failed.event.refusal.details == "Wait."
    assert failed.value.customer_number == "16505551234"
    assert failed.value.occurred_at_ms == T0


def test_refused_by_rate_and_bill_a_held_message_fails_and_owes_nothing(rig: DeliveryRig) -> None:
    rig.hold("m1")
    assert kinds(rig.refuse("m1", 131047)) == [FAILED]
    assert rig.refuse("m1", 131047) == []
    assert rig.dropped == ["refusal"]


def test_a_message_given_up_fails_even_when_its_content_was_lost(rig: DeliveryRig) -> None:
    [failed] = rig.give_up("m1")
    assert kinds([failed]) == [FAILED]
    assert (failed.value.business_id, failed.value.user_ref) == (BUSINESS, CUSTOMER)
    assert kinds(rig.authorize("m1")) == [VOIDED]


def test_a_message_given_up_after_its_authorization_is_voided_at_once(rig: DeliveryRig) -> None:
    rig.send("m1")
    assert kinds(rig.give_up("m1")) == [FAILED, VOIDED, TOMBSTONE]
    assert rig.give_up("m1") == []


def test_an_authorization_after_the_end_is_voided_once(rig: DeliveryRig) -> None:
    rig.hold("m1", ttl_ms=1_000)
    [expired] = rig.tick(T0 + 1_000)
    assert kinds([expired]) == [("statuses", "expired")]
    assert expired.event.refusal.code == 131026
    assert expired.value.occurred_at_ms == T0 + 1_000
    [outcome] = rig.authorize("m1")
    assert kinds([outcome]) == [VOIDED]
    assert outcome.event.expired
    assert outcome.event.ended_at_ms == T0 + 1_000
    with pytest.raises(InvariantBroken):
        rig.authorize("m1")


def test_an_authorization_for_a_forgotten_message_is_voided(rig: DeliveryRig) -> None:
    [outcome] = rig.authorize("m1")
    assert kinds([outcome]) == [VOIDED]
    assert outcome.message_id == "m1"


def test_a_waiting_message_expires_exactly_at_its_time(rig: DeliveryRig) -> None:
    rig.send("m1", ttl_ms=1_000)
    assert rig.tick(T0 + 999) == []
    expired, outcome, end = rig.tick(T0 + 1_000)
    assert kinds([expired, outcome, end]) == [("statuses", "expired"), VOIDED, TOMBSTONE]
    assert outcome.event.expired
    assert outcome.event.ended_at_ms == T0 + 1_000


def test_a_receipt_after_expiry_is_reported_once_and_not_charged(rig: DeliveryRig) -> None:
    rig.send("m1", ttl_ms=1_000)
    rig.tick(T0 + 1_000)
    assert kinds(rig.receipt("m1", DELIVERED, T0 + 1_001)) == [("statuses", "delivered_late")]
    assert rig.receipt("m1", READ, T0 + 1_002) == []
    assert rig.row(CONVERSATION + b"/m1").message.late_receipts == 2


def test_late_receipts_are_counted_up_to_a_limit(rig: DeliveryRig) -> None:
    rig.send("m1")
    rig.give_up("m1")
    for n in range(rules.LATE_RECEIPTS_COUNTED_MAX + 1):
        assert rig.receipt("m1", DELIVERED, T0 + n) == []
    assert rig.row(CONVERSATION + b"/m1").message.late_receipts == rules.LATE_RECEIPTS_COUNTED_MAX


@pytest.mark.parametrize(
    ("end", "days"),
    [("delivered", 7), ("read", 1), ("failed", 1), ("expired", 31)],
)
def test_a_message_is_forgotten_in_time(rig: DeliveryRig, end: str, days: int) -> None:
    rig.send("m1")
    match end:
        case "delivered":
            rig.receipt("m1", DELIVERED, T0)
        case "read":
            rig.receipt("m1", READ, T0)
        case "failed":
            rig.consent(STOPPED)
            rig.connect(T0)
        case "expired":
            rig.tick(T0 + TTL_MS)
    assert rig.row(CONVERSATION + b"/m1").message.held.content == b""
    rig.tick(T0 + days * DAY_MS - 1)
    assert rig.row(CONVERSATION + b"/m1") is not None
    assert rig.tick(T0 + days * DAY_MS) == []
    assert rig.row(CONVERSATION + b"/m1") is None
    assert rig.receipt("m1", READ, T0 + days * DAY_MS) == []
    assert rig.dropped == ["receipt"]


def test_how_long_a_message_is_remembered_is_a_setting(rig: DeliveryRig) -> None:
    rig.setting("platform", settings_pb2.Platform(delivered_retention_hours=1))
    rig.send("m1")
    rig.receipt("m1", DELIVERED, T0)
    rig.tick(T0 + 3_600_000)
    assert rig.row(CONVERSATION + b"/m1") is None


def test_a_thousand_may_wait_and_no_more(rig: DeliveryRig) -> None:
    for n in range(rules.WAITING_MAX):
        rig.send(f"m{n}")
    rig.hold("one-too-many")
    failed, outcome = rig.authorize("one-too-many")
    assert kinds([failed, outcome]) == [FAILED, VOIDED]
    assert failed.event.refusal.code == 131056
    assert rig.notice("notice.3.7") == []
    rig.receipt("m0", DELIVERED, T0)
    assert kinds(rig.send("fits"))[1:] == [ATTEMPT, SENT]


def test_an_offline_answer_changes_nothing(rig: DeliveryRig) -> None:
    rig.send("m1")
    assert rig.offline("m1") == []
    assert rig.offline("m9") == []
    assert rig.dropped == ["offline"]


def test_content_held_twice_or_under_another_key_is_refused(rig: DeliveryRig) -> None:
    rig.hold("m1")
    with pytest.raises(InvariantBroken, match="held already"):
        rig.hold("m1")
    with pytest.raises(InvariantBroken, match="another conversation"):
        rig.feed(held("m2"), b"1:u1_other", T0)
    with pytest.raises(InvariantBroken, match="expires before"):
        rig.hold("m3", ttl_ms=0)
