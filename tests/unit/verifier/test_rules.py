"""The rules as the verifier has them, by tables with exact instants."""

import pytest

from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.verifier.rules import consent, prices
from services.verifier.rules.consent import GRANTED, NEVER, STOPPED, UNKNOWN, Standing
from services.verifier.rules.plans import VERSIONS_MAX, SettingsTrack
from services.verifier.rules.prices import CHARGED, FREE, REFUSED, card_of, due_for
from services.verifier.rules.windows import NONE, Evidence, WindowTrack, first_message

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
T0 = 1_709_164_800_000
"""2024-02-29T00:00:00Z, a leap day."""


@pytest.mark.parametrize(
    ("accepted_at_ms", "is_open"),
    [(T0, True), (T0 + DAY_MS - 1, True), (T0 + DAY_MS, False), (T0 + 2 * DAY_MS, False)],
)
def test_a_window_is_half_open(accepted_at_ms: int, is_open: bool) -> None:
    track = first_message("wamid.1", T0, entry_point=False, partial=False)
    assert track.evidence(accepted_at_ms).open == is_open


@pytest.mark.parametrize(
    ("wrote_at_ms", "opened_by", "last"),
    [
        (T0 - 1, "wamid.1", "wamid.1"),
        (T0, "wamid.1", "wamid.1"),
        (T0 + 1, "wamid.1", "wamid.2"),
        (T0 + DAY_MS - 1, "wamid.1", "wamid.2"),
        (T0 + DAY_MS, "wamid.2", "wamid.2"),
    ],
)
def test_a_message_moves_a_window_by_its_own_time(wrote_at_ms: int, opened_by: str, last: str) -> None:
    track = first_message("wamid.1", T0, entry_point=False, partial=False)
    track.wrote("wamid.2", wrote_at_ms, entry_point=False)
    assert (track.opened_by, track.last_id) == (opened_by, last)


def test_the_newest_entry_point_is_kept() -> None:
    track = first_message("wamid.1", T0, entry_point=True, partial=False)
    track.wrote("wamid.2", T0 + 1, entry_point=False)
    track.wrote("wamid.0", T0 - 1, entry_point=True)
    assert (track.entry_id, track.entry_at_ms) == ("wamid.1", T0)


@pytest.mark.parametrize(("after_ms", "forgotten"), [(8 * DAY_MS - 1, False), (8 * DAY_MS, True)])
def test_a_window_is_forgotten_seven_days_after_its_end(after_ms: int, forgotten: bool) -> None:
    assert WindowTrack(last_at_ms=T0).forgotten(T0 + after_ms) == forgotten


PLAN = plan_pb2.PricePlan(
    name="p",
    version=2,
    currency="USD",
    window_seconds=24 * 3_600,
    late_free_form=plan_pb2.LATE_FREE_FORM_CHARGE,
    free_in_window=[facts_pb2.CATEGORY_SERVICE, facts_pb2.CATEGORY_UTILITY],
    rates=[
        plan_pb2.Rate(market=market, category=category, micros=micros)
        for market, micros in (("North America", 14_700), ("Rest of Latin America", 74_000))
        for category in (facts_pb2.CATEGORY_SERVICE, facts_pb2.CATEGORY_MARKETING)
    ],
    markets=[
        plan_pb2.MarketPrefix(prefix="1", market="North America"),
        plan_pb2.MarketPrefix(prefix="1876", market="Rest of Latin America"),
    ],
)
USD = settings_pb2.Business(business_id="b", currency="USD", plan="p")
EUR = settings_pb2.Business(business_id="b", currency="EUR", plan="p")
SERVICE = (facts_pb2.CATEGORY_SERVICE, facts_pb2.FORM_FREE_FORM)
MARKETING = (facts_pb2.CATEGORY_MARKETING, facts_pb2.FORM_TEMPLATE)
UTILITY = (facts_pb2.CATEGORY_UTILITY, facts_pb2.FORM_TEMPLATE)
WROTE = Evidence(last_message_id="wamid.1", last_message_at_ms=T0)


@pytest.mark.parametrize(
    ("what", "prefix", "at_ms", "window", "kind", "micros_or_code"),
    [
        (SERVICE, "1", T0 + DAY_MS - 1, WROTE, FREE, 0),
        (SERVICE, "1", T0 + DAY_MS, WROTE, CHARGED, 14_700),
        (SERVICE, "1876", T0 + DAY_MS, WROTE, CHARGED, 74_000),
        (SERVICE, "1", T0, NONE, CHARGED, 14_700),
        (MARKETING, "1", T0, WROTE, CHARGED, 14_700),
        (UTILITY, "1", T0, WROTE, FREE, 0),
        (UTILITY, "1", T0, NONE, REFUSED, 131026),
        (SERVICE, "", T0, WROTE, REFUSED, 131026),
        (SERVICE, "55", T0, WROTE, REFUSED, 131026),
    ],
)
def test_a_plan_says_what_a_message_costs(
    what: tuple[facts_pb2.Category, facts_pb2.Form],
    prefix: str,
    at_ms: int,
    window: Evidence,
    kind: str,
    micros_or_code: int,
) -> None:
    facts = facts_pb2.SendFacts(
        destination_prefix=prefix, category=what[0], form=what[1], accepted_at_ms=at_ms
    )
    due = due_for(USD, card_of(PLAN), facts, window)
    assert (due.kind, due.micros or due.code) == (kind, micros_or_code)


def test_no_plan_and_another_currency_refuse() -> None:
    facts = facts_pb2.SendFacts(destination_prefix="1", category=SERVICE[0], form=SERVICE[1])
    assert due_for(None, None, facts, NONE).code == 131026
    assert due_for(EUR, card_of(PLAN), facts, NONE).code == 131042


def test_a_plan_that_rejects_late_replies_refuses_them() -> None:
    plan = plan_pb2.PricePlan()
    plan.CopyFrom(PLAN)
    plan.late_free_form = plan_pb2.LATE_FREE_FORM_REJECT
    late = facts_pb2.SendFacts(
        destination_prefix="1", category=SERVICE[0], form=SERVICE[1], accepted_at_ms=T0
    )
    template = facts_pb2.SendFacts(destination_prefix="1", category=MARKETING[0], form=MARKETING[1])
    assert due_for(USD, card_of(plan), late, NONE).code == 131047
    assert due_for(USD, card_of(plan), template, NONE).kind == CHARGED


def test_other_takes_numbers_outside_the_table() -> None:
    plan = plan_pb2.PricePlan()
    plan.CopyFrom(PLAN)
    plan.rates.add(market=prices.OTHER, category=SERVICE[0], micros=90_000)
    facts = facts_pb2.SendFacts(destination_prefix="", category=SERVICE[0], form=SERVICE[1])
    assert due_for(USD, card_of(plan), facts, NONE).micros == 90_000


def _version(number: int, from_ms: int, currency: str) -> settings_pb2.SettingChanged:
    business = settings_pb2.Business(business_id="b", currency=currency)
    return settings_pb2.SettingChanged(
        key="business/b", version=number, effective_from_ms=from_ms, business=business
    )


@pytest.mark.parametrize(
    ("at_ms", "currency"), [(9, None), (10, "USD"), (19, "USD"), (20, "EUR"), (99, "EUR")]
)
def test_the_newest_version_in_force_holds(at_ms: int, currency: str | None) -> None:
    track = SettingsTrack()
    for version in (_version(1, 10, "USD"), _version(2, 20, "EUR"), _version(2, 0, "GBP")):
        track.add(version)
    business = track.business("b", at_ms)
    assert (None if business is None else business.currency) == currency


def test_old_versions_are_forgotten() -> None:
    track = SettingsTrack()
    for number in range(1, VERSIONS_MAX + 2):
        track.add(_version(number, number, f"C{number}"))
    assert track.business("b", 1) is None
    assert len(track.all()) == VERSIONS_MAX


@pytest.mark.parametrize(
    ("standing", "objection"),
    [
        (Standing(NEVER), 131026),
        (Standing(GRANTED), 0),
        (Standing(STOPPED), 131050),
        (Standing(GRANTED, blocked=1), 131026),
        (Standing(STOPPED, blocked=1), 131026),
        (Standing(UNKNOWN), UNKNOWN),
        (Standing(GRANTED, blocked=UNKNOWN), UNKNOWN),
        (Standing(UNKNOWN, blocked=1), 131026),
    ],
)
def test_consent_objects(standing: Standing, objection: int) -> None:
    assert standing.objection() == objection


@pytest.mark.parametrize(
    ("standing", "message", "start"),
    [
        (Standing(NEVER), True, True),
        (Standing(GRANTED), False, False),
        (Standing(STOPPED), False, True),
        (Standing(NEVER, blocked=1), False, False),
        (Standing(STOPPED, blocked=1), False, False),
    ],
)
def test_only_a_first_message_or_a_start_grants(standing: Standing, message: bool, start: bool) -> None:
    assert consent.message_grants(standing) == message
    assert consent.start_grants(standing) == start


def test_new_proof_is_a_change_and_the_same_record_is_not() -> None:
    standing = Standing(GRANTED, 0, "web form", "/consents/1")
    assert not consent.record_changes(standing, GRANTED, "web form", "/consents/1")
    assert consent.record_changes(standing, GRANTED, "web form", "/consents/2")
    assert consent.record_changes(standing, STOPPED, "web form", "/consents/1")
