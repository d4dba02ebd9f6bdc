"""What a message costs, as tables: given a plan and a customer's last message, when accepted, then."""

import pytest

from services.rate_and_bill.rules import (
    CHARGED_IN_WINDOW,
    IN_WINDOW,
    LATE_REPLY,
    TEMPLATE_OUTSIDE_WINDOW,
    Charged,
    Free,
    Plan,
    Refused,
    Send,
    judge,
    market_of,
    no_plan,
)
from services.rate_and_bill.terms import plan_of
from tests.unit.rate_and_bill.rig import HOUR_MS, launch_plan

LAUNCH = plan_of(launch_plan())
REJECTING = LAUNCH._replace(name="strict", charges_late_replies=False)
SECOND_MS = 1_000
DAY_MS = 24 * HOUR_MS
LEAP_DAY_MS = 1_582_934_400_000  # 2020-02-29T00:00:00Z
MARCH_FIRST_MS = LEAP_DAY_MS + DAY_MS


def send(
    category: str = "service", accepted_at_ms: int = 0, wrote_at_ms: int | None = None, prefix: str = "1"
) -> Send:
    return Send(prefix, category, accepted_at_ms, wrote_at_ms)


@pytest.mark.parametrize(
    ("wrote_at_ms", "accepted_at_ms", "is_free"),
    [
        pytest.param(0, 0, True, id="at once"),
        pytest.param(0, DAY_MS - SECOND_MS, True, id="23:59:59"),
        pytest.param(0, DAY_MS - 1, True, id="23:59:59.999"),
        pytest.param(0, DAY_MS, False, id="24:00:00.000"),
        pytest.param(0, DAY_MS + 1, False, id="24:00:00.001"),
        pytest.param(LEAP_DAY_MS, MARCH_FIRST_MS - 1, True, id="leap day to its end"),
        pytest.param(LEAP_DAY_MS, MARCH_FIRST_MS, False, id="leap day, then 1 March"),
        pytest.param(5 * SECOND_MS, 0, True, id="the customer's clock is ahead"),
        pytest.param(None, 0, False, id="the customer never wrote"),
    ],
)
@pytest.mark.parametrize("category", ["service", "utility", "marketing", "authentication"])
def test_the_window_is_half_open(
    category: str, wrote_at_ms: int | None, accepted_at_ms: int, is_free: bool
) -> None:
    verdict = judge(LAUNCH, "USD", "", send(category, accepted_at_ms, wrote_at_ms))
    assert isinstance(verdict, Free if is_free else Charged)


@pytest.mark.parametrize(
    ("prefix", "market", "price_micros"),
    [
        ("1", "North America", 14_700),
        ("1876", "Rest of Latin America", 70_600),
        ("1658", "Rest of Latin America", 70_600),
        ("1809", "Rest of Latin America", 70_600),
        ("1787", "Rest of Latin America", 70_600),
        ("44", "United Kingdom", 64_700),
        ("91", "India", 6_600),
        ("7", "Russia", 66_300),
        ("57", "Colombia", 10_000),
        ("", "Other", 60_400),
    ],
)
def test_the_longest_prefix_names_the_market(prefix: str, market: str, price_micros: int) -> None:
    assert judge(LAUNCH, "USD", "", send(prefix=prefix)) == Charged(market, LATE_REPLY, price_micros)


def test_a_prefix_that_the_plan_does_not_name_falls_back_to_a_shorter_one() -> None:
    coarse = LAUNCH._replace(markets={"1": "North America"})
    assert market_of(coarse, "1876") == "North America"
    assert market_of(coarse, "44") is None


@pytest.mark.parametrize("category", ["utility", "marketing", "authentication"])
def test_a_template_outside_the_window_is_charged(category: str) -> None:
    expected = Charged("North America", TEMPLATE_OUTSIDE_WINDOW, 14_700)
    assert judge(LAUNCH, "USD", "", send(category)) == expected
    assert judge(REJECTING, "USD", "", send(category)) == expected


@pytest.mark.parametrize("wrote_at_ms", [0, None])
def test_a_plan_may_reject_late_replies(wrote_at_ms: int | None) -> None:
    verdict = judge(REJECTING, "USD", "", send(accepted_at_ms=DAY_MS, wrote_at_ms=wrote_at_ms))
    assert isinstance(verdict, Refused)
    assert verdict.code == 131047
    assert "24 hours" in verdict.details
    assert "template" in verdict.details


def test_a_plan_that_rejects_late_replies_still_admits_those_in_time() -> None:
    assert judge(REJECTING, "USD", "", send(accepted_at_ms=1, wrote_at_ms=0)) == Free(
        "North America", IN_WINDOW
    )


def test_a_category_that_is_not_free_is_charged_inside_the_window_too() -> None:
    plan = LAUNCH._replace(free_in_window=frozenset({"utility"}))
    for category in ("service", "marketing"):
        verdict = judge(plan, "USD", "", send(category, 1, 0))
        assert verdict == Charged("North America", CHARGED_IN_WINDOW, 14_700)
    assert judge(plan._replace(charges_late_replies=False), "USD", "", send("service", 1, 0)) == Charged(
        "North America", CHARGED_IN_WINDOW, 14_700
    )


def test_the_window_is_as_long_as_the_plan_says() -> None:
    plan = LAUNCH._replace(window_ms=HOUR_MS)
    assert isinstance(judge(plan, "USD", "", send(accepted_at_ms=HOUR_MS - 1, wrote_at_ms=0)), Free)
    assert isinstance(judge(plan, "USD", "", send(accepted_at_ms=HOUR_MS, wrote_at_ms=0)), Charged)


@pytest.mark.parametrize(
    ("plan", "currency", "prefix", "wrote_at_ms", "code", "said"),
    [
        pytest.param(LAUNCH, "EUR", "1", None, 131042, "EUR", id="another currency"),
        pytest.param(LAUNCH, "EUR", "1", 0, 131042, "EUR", id="another currency, though free"),
        pytest.param(
            LAUNCH._replace(markets={"1": "North America"}),
            "USD",
            "",
            None,
            131026,
            "no market",
            id="no Other",
        ),
        pytest.param(
            LAUNCH._replace(markets={"1": "North America"}),
            "USD",
            "",
            0,
            131026,
            "no market",
            id="nor if free",
        ),
        pytest.param(LAUNCH._replace(rates={}), "USD", "1", None, 131026, "North America", id="no rate"),
    ],
)
def test_what_has_no_price_is_refused(
    plan: Plan, currency: str, prefix: str, wrote_at_ms: int | None, code: int, said: str
) -> None:
    verdict = judge(plan, currency, "", send(accepted_at_ms=1, wrote_at_ms=wrote_at_ms, prefix=prefix))
    assert isinstance(verdict, Refused)
    assert verdict.code == code
    assert said in verdict.details


@pytest.mark.parametrize("wrote_at_ms", [None, 0])
def test_a_business_is_billed_in_one_currency_for_ever(wrote_at_ms: int | None) -> None:
    request = send(accepted_at_ms=1, wrote_at_ms=wrote_at_ms)
    assert not isinstance(judge(LAUNCH, "USD", "USD", request), Refused)
    euro = judge(LAUNCH._replace(currency="EUR"), "EUR", "USD", request)
    assert isinstance(euro, Refused)
    assert euro.code == 131042
    assert "billed in USD" in euro.details


def test_what_is_free_needs_no_rate() -> None:
    plan = LAUNCH._replace(rates={})
    assert judge(plan, "USD", "", send(accepted_at_ms=1, wrote_at_ms=0)) == Free("North America", IN_WINDOW)


def test_without_a_plan_nothing_is_sent() -> None:
    assert no_plan("506914307656634").code == 131026
    assert "506914307656634" in no_plan("506914307656634").details
