"""rate-and-bill record by record: what reaches the ledger and delivery, and what changes nothing."""

import pytest

from parley.billing.v1 import rating_row_pb2
from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from services.runtime.rows import Row
from services.runtime.stage import InvariantBroken
from services.runtime.store import Change
from tests.unit.rate_and_bill.rig import (
    ACCOUNT,
    BUSINESS,
    HOUR_MS,
    NO_HASH,
    NUMBER,
    OTHER_BUSINESS,
    T0_MS,
    RatingRig,
    assessed,
    delivered,
    launch_plan,
    undelivered,
)

CONVERSATION = f"{BUSINESS}:u1_a".encode()
LATE_MS = T0_MS + 25 * HOUR_MS


def test_a_late_reply_is_authorized_then_captured() -> None:
    rig = RatingRig()
    allowed, _ = rig.give(assessed("wamid.1", at_ms=LATE_MS, wrote_at_ms=T0_MS))
    assert (allowed.topic, allowed.key, allowed.kind) == ("dispatch", CONVERSATION, "send_authorized")
    pricing = allowed.event.pricing
    assert (pricing.billable, pricing.pricing_model, pricing.type, pricing.category) == (
        True,
        "NBP",
        "regular",
        "service",
    )
    rig.give(delivered("wamid.1", LATE_MS + 5, consent_id="consent.3.9"))

    hold, charge = rig.entries
    assert rig.kinds() == ["authorized", "captured"]
    assert (hold.amount.micros, hold.reserved.micros, hold.balance.micros) == (0, 14_700, 0)
    assert (charge.amount.micros, charge.reserved.micros, charge.balance.micros) == (
        -14_700,
        -14_700,
        -14_700,
    )
    assert {entry.amount.currency for entry in rig.entries} == {"USD"}
    assert (hold.recorded_at_ms, charge.recorded_at_ms) == (LATE_MS, LATE_MS + 5)
    assert charge.captured.authorized_sequence == hold.sequence == 1
    assert list(hold.evidence) == ["wamid.last", "wamid.opened", "consent.3.7"]
    assert list(charge.evidence) == ["wamid.last", "wamid.opened", "consent.3.7", "consent.3.9"]
    for entry in rig.entries:
        assert entry.message_id == "wamid.1"
        assert (entry.business_id, entry.account_id, entry.phone_number_id) == (BUSINESS, ACCOUNT, NUMBER)
        assert (entry.plan, entry.plan_version, entry.market) == ("launch-2018", 1, "North America")
        assert (entry.reason, entry.accepted_at_ms, entry.user_ref) == ("late_reply", LATE_MS, "u1_a")
        assert entry.window.last_message_at_ms == T0_MS
    assert [entry.cause.topic for entry in rig.entries] == ["usage", "usage"]
    assert [entry.cause.offset for entry in rig.entries] == [3, 4]


def test_a_reply_in_time_leaves_one_free_entry_when_delivered() -> None:
    rig = RatingRig()
    (allowed,) = rig.give(assessed("wamid.1", at_ms=T0_MS + HOUR_MS, wrote_at_ms=T0_MS))
    pricing = allowed.event.pricing
    assert (pricing.billable, pricing.type, pricing.category) == (False, "free_customer_service", "service")
    rig.give(delivered("wamid.1", T0_MS + 2 * HOUR_MS))
    (entry,) = rig.entries
    assert rig.kinds() == ["free"]
    assert (entry.amount.micros, entry.balance.micros, entry.HasField("reserved")) == (0, 0, False)
    assert entry.HasField("amount")
    assert (entry.reason, entry.market) == ("in_window", "North America")
    assert list(entry.evidence) == ["wamid.last", "wamid.opened", "consent.3.7"]


def test_a_free_template_is_reported_in_its_own_category() -> None:
    (allowed,) = RatingRig().give(assessed("wamid.1", "utility", wrote_at_ms=T0_MS - 1))
    assert (allowed.event.pricing.category, allowed.event.pricing.type) == (
        "utility",
        "free_customer_service",
    )


def test_a_reply_in_time_that_nobody_received_leaves_nothing() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1", wrote_at_ms=T0_MS - 1))
    assert rig.give(undelivered("wamid.1")) == []
    assert rig.row(f"{BUSINESS}/wamid.1".encode()) is None
    assert rig.row(BUSINESS.encode()).head.sequence == 0


@pytest.mark.parametrize(("expired", "reason"), [(False, "not_delivered"), (True, "expired")])
def test_what_nobody_received_is_voided(expired: bool, reason: str) -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1", "marketing"))
    rig.give(undelivered("wamid.1", LATE_MS, expired=expired, consent_id="consent.3.9"))
    hold, release = rig.entries
    assert rig.kinds() == ["authorized", "voided"]
    assert (hold.reason, release.reason) == ("template_outside_window", reason)
    assert (release.amount.micros, release.reserved.micros, release.balance.micros) == (0, -14_700, 0)
    assert release.voided.authorized_sequence == hold.sequence
    assert release.recorded_at_ms == LATE_MS
    assert list(release.evidence) == ["consent.3.7", "consent.3.9"]
    head = rig.row(BUSINESS.encode()).head
    assert (head.sequence, head.balance_micros, head.reserved_micros) == (2, 0, 0)


def test_a_refused_message_leaves_no_row_and_no_entry() -> None:
    plan = launch_plan()
    plan.late_free_form = plan_pb2.LATE_FREE_FORM_REJECT
    rig = RatingRig(plan)
    (refused,) = rig.give(assessed("wamid.1", at_ms=LATE_MS, wrote_at_ms=T0_MS))
    assert (refused.topic, refused.key, refused.kind) == ("dispatch", CONVERSATION, "send_refused")
    assert (refused.message_id, refused.event.message_id) == ("wamid.1", "wamid.1")
    assert refused.event.refusal.code == 131047
    assert refused.event.refused_at_ms == LATE_MS
    assert not refused.event.HasField("facts")
    assert rig.row(f"{BUSINESS}/wamid.1".encode()) is None


def test_a_business_without_plan_or_of_another_currency_is_refused() -> None:
    rig = RatingRig()
    unknown = "506914307656699"
    (refused,) = rig.give(assessed("wamid.1", business_id=unknown), unknown)
    assert (refused.kind, refused.event.refusal.code) == ("send_refused", 131026)
    rig.set_business(BUSINESS, plan="never-published")
    (refused,) = rig.give(assessed("wamid.2"))
    assert refused.event.refusal.code == 131026
    rig.set_business(BUSINESS, currency="EUR")
    (refused,) = rig.give(assessed("wamid.3"))
    assert refused.event.refusal.code == 131042


@pytest.mark.parametrize("wrote_at_ms", [T0_MS - 1, None])
def test_a_ledger_never_changes_its_currency(wrote_at_ms: int | None) -> None:
    """Not even between the pricing of a business's first message, which is free, and its entry."""
    rig = RatingRig()
    rig.give(assessed("wamid.1", wrote_at_ms=wrote_at_ms))
    euro = launch_plan()
    euro.name, euro.currency = "launch-eur", "EUR"
    rig.set_plan(euro)
    rig.set_business(BUSINESS, plan="launch-eur", currency="EUR")
    (refused,) = rig.give(assessed("wamid.2"))
    assert (refused.kind, refused.event.refusal.code) == ("send_refused", 131042)
    rig.give(delivered("wamid.1"))
    assert {entry.balance.currency for entry in rig.entries} == {"USD"}


def test_the_plan_of_the_moment_of_acceptance_prices_the_message() -> None:
    """G14: accepted 23:59:59 under the old card, delivered after midnight, priced by the old card."""
    midnight_ms = 1_793_491_200_000  # 2026-11-01T00:00:00Z
    rig = RatingRig()
    dearer = launch_plan()
    dearer.version, dearer.effective_from_ms = 2, midnight_ms
    for rate in dearer.rates:
        rate.micros += 1
    rig.set_plan(dearer)
    rig.give(assessed("wamid.old", at_ms=midnight_ms - 1_000))
    rig.give(assessed("wamid.new", at_ms=midnight_ms))
    rig.give(delivered("wamid.old", midnight_ms + 5_000))
    rig.give(delivered("wamid.new", midnight_ms + 5_000))
    assert [(e.plan_version, e.amount.micros) for e in rig.entries[2:]] == [(1, -14_700), (2, -14_701)]


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param([delivered("wamid.1")] * 3, id="delivered thrice"),
        pytest.param([delivered("wamid.1"), undelivered("wamid.1")], id="delivered, then undelivered"),
    ],
)
@pytest.mark.parametrize("wrote_at_ms", [T0_MS - 1, None])
def test_only_the_first_outcome_counts(outcomes: list[object], wrote_at_ms: int | None) -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1", wrote_at_ms=wrote_at_ms))
    made = [len(rig.give(outcome)) for outcome in outcomes]
    assert made == [1] + [0] * (len(outcomes) - 1)
    assert len(rig.strays) == len(outcomes) - 1


def test_a_receipt_after_expiry_is_not_charged() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1"))
    rig.give(undelivered("wamid.1", expired=True))
    assert rig.give(delivered("wamid.1")) == []
    assert rig.kinds() == ["authorized", "voided"]
    assert rig.strays == ["message_delivered"]


def test_the_outcome_of_a_message_that_was_never_priced_changes_nothing() -> None:
    rig = RatingRig()
    assert rig.give(delivered("wamid.unknown")) == []
    assert rig.give(undelivered("wamid.unknown")) == []
    assert rig.strays == ["message_delivered", "message_undelivered"]
    assert rig.row(BUSINESS.encode()) is None


def test_another_business_cannot_settle_the_message() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1"))
    assert rig.give(delivered("wamid.1"), OTHER_BUSINESS) == []
    assert rig.kinds() == ["authorized"]


def test_an_open_message_is_never_authorized_again() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1"))
    with pytest.raises(InvariantBroken, match=r"wamid\.1 is priced already"):
        rig.give(assessed("wamid.1"))
    rig.give(delivered("wamid.1"))
    assert rig.kinds() == ["authorized", "captured"]


def test_what_the_stages_before_cannot_have_written_is_set_aside() -> None:
    rig = RatingRig()
    with pytest.raises(InvariantBroken, match="lies under the key"):
        rig.give(assessed("wamid.1", business_id=OTHER_BUSINESS))
    mismatched = assessed("wamid.2", "utility")
    mismatched.facts.form = facts_pb2.FORM_FREE_FORM
    with pytest.raises(InvariantBroken, match="do not go together"):
        rig.give(mismatched)
    unstated = assessed("wamid.3", "utility")
    unstated.facts.form = facts_pb2.FORM_UNSPECIFIED
    with pytest.raises(InvariantBroken, match="do not go together"):
        rig.give(unstated)


def test_more_is_never_released_than_is_reserved() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1"))
    rig.commit()
    head = rating_row_pb2.RatingRow(
        head=rating_row_pb2.LedgerHead(sequence=1, reserved_micros=1, currency="USD")
    )
    lost = Change(Row(head.SerializeToString(), 0), 0)
    rig.store.write({BUSINESS.encode(): lost}, rig.partition.meta())
    rig.restart()
    with pytest.raises(InvariantBroken, match="release more than"):
        rig.give(delivered("wamid.1"))


def test_each_business_has_its_own_chain() -> None:
    rig = RatingRig()
    for business in (BUSINESS, OTHER_BUSINESS):
        for n in (1, 2):
            rig.give(assessed(f"wamid.{business}.{n}", business_id=business), business)
    assert [entry.sequence for entry in rig.entries] == [1, 2, 1, 2]
    assert [entry.previous_hash for entry in rig.entries] == [
        NO_HASH,
        rig.hashes[0],
        NO_HASH,
        rig.hashes[2],
    ]


def test_the_ledger_goes_on_after_a_restart() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1"))
    rig.restart()
    rig.give(delivered("wamid.1"))
    assert rig.kinds() == ["authorized", "captured"]
    assert rig.entries[1].previous_hash == rig.hashes[0]


def test_no_phone_number_can_be_in_the_ledger() -> None:
    """Usage brings none; the prefix is all that is known of it."""
    rig = RatingRig()
    rig.give(assessed("wamid.1", prefix="1876"))
    assert rig.entries[0].destination_prefix == "1876"
    assert rig.entries[0].market == "Rest of Latin America"
