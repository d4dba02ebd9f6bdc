"""Plan files: what ships is complete and exact, and what is wrong is refused with place and remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from services.identity.destination import shipped_prefixes
from services.rate_and_bill.plan_errors import PlanInvalid
from services.rate_and_bill.plan_file import read_plan, shipped_plans
from services.rate_and_bill.plan_text import describe, plan_object

PLAN = """
name = "tiny"
version = 2
effective_from = 2026-07-01
currency = "EUR"
pricing_model = "PMP"
window_hours = 24
late_free_form = "reject"
free_in_window = ["service", "utility"]
card = "card.csv"
markets = "markets.csv"
"""
CARD = """market,category,rate_eur
Germany,utility,0.05
Germany,marketing,0.1131
Germany,authentication,0.0460
"""
MARKETS = """prefix,country,market
49,Germany,Germany
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a plan with its tables, the named parts replaced, and returns the plan file."""

    def writer(plan: str = PLAN, card: str = CARD, markets: str = MARKETS) -> Path:
        (tmp_path / "card.csv").write_text(card, encoding="utf-8")
        (tmp_path / "markets.csv").write_text(markets, encoding="utf-8")
        file = tmp_path / "tiny.toml"
        file.write_text(plan, encoding="utf-8")
        return file

    return writer


def test_the_launch_plan_is_complete() -> None:
    plan = read_plan(shipped_plans()["launch-2018"])
    assert (plan.name, plan.version, plan.currency, plan.pricing_model) == ("launch-2018", 1, "USD", "NBP")
    assert plan.effective_from_ms == 1_533_081_600_000
    assert plan.window_seconds == 86_400
    assert plan.late_free_form == plan_pb2.LATE_FREE_FORM_CHARGE
    assert list(plan.free_in_window) == [1, 2, 3, 4]
    assert {each.prefix: each.market for each in plan.markets} == shipped_prefixes()
    rates = {(rate.market, rate.category): rate.micros for rate in plan.rates}
    assert len(rates) == len(plan.rates) == 32 * 4
    assert [micros for (market, _), micros in rates.items() if market == "North America"] == [14_700] * 4
    assert rates["India", facts_pb2.CATEGORY_SERVICE] == 6_600
    assert rates["Other", facts_pb2.CATEGORY_UTILITY] == 60_400
    assert min(rates.values()) >= 5_000
    assert max(rates.values()) <= 90_000


def test_every_shipped_plan_is_named_as_its_file() -> None:
    assert {name: read_plan(file).name for name, file in shipped_plans().items()} == {
        name: name for name in shipped_plans()
    }


def test_a_plan_with_a_rate_for_each_category(write: Callable[..., Path]) -> None:
    plan = read_plan(write())
    assert [(rate.market, rate.category, rate.micros) for rate in plan.rates] == [
        ("Germany", facts_pb2.CATEGORY_UTILITY, 50_000),
        ("Germany", facts_pb2.CATEGORY_MARKETING, 113_100),
        ("Germany", facts_pb2.CATEGORY_AUTHENTICATION, 46_000),
    ]
    assert [(each.prefix, each.market) for each in plan.markets] == [("49", "Germany")]


def test_a_time_with_its_zone_is_taken_as_it_is(write: Callable[..., Path]) -> None:
    plan = read_plan(write(PLAN.replace("2026-07-01", "2026-07-01T00:00:00+02:00")))
    assert plan.effective_from_ms == 1_782_856_800_000


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('name = "tiny"', "", "name: is missing"),
        ('name = "tiny"', 'name = "Tiny Plan"', "name: must be small letters"),
        ("version = 2", "version = 0", "version: must be a whole number from 1"),
        ("version = 2", "version = 1.5", "version: must be a whole number"),
        ("version = 2", "version = true", "version: must be a whole number"),
        ("version = 2", "verison = 2\nversion = 2", "verison: is no field of a plan"),
        ("version = 2", "version = = 2", "is not TOML"),
        ("2026-07-01", '"2026-07-01"', "effective_from: must be a date such as"),
        ("2026-07-01", "2026-02-30", "is not TOML"),
        ("2026-07-01", "2026-07-01T00:00:00", "effective_from: has no time zone"),
        ("2026-07-01", "1969-12-31", "effective_from: lies before 1970"),
        ('"EUR"', '"euro"', "currency: must be three capital letters"),
        ('"EUR"', '"USD"', "card.csv, line 1: the column rate_usd is missing"),
        ('"PMP"', '"CBP"', "pricing_model: must be NBP or PMP"),
        ("window_hours = 24", "window_hours = 169", "window_hours: must be a whole number from 1 to 168"),
        ('"reject"', '"refuse"', "late_free_form: must be charge or reject"),
        ('"reject"', '"charge"', "card.csv: Germany has no rate for service messages"),
        ('["service", "utility"]', '["utility"]', "card.csv: Germany has no rate for service messages"),
        ('["service", "utility"]', '"service"', "free_in_window: must be a list"),
        ('["service", "utility"]', '["services"]', "free_in_window: 'services' is none of"),
        ('["service", "utility"]', '["service", "service"]', "free_in_window: names service twice"),
        ('"card.csv"', '"cards.csv"', "cards.csv: cannot be read"),
        ('"card.csv"', "7", "card: must be a text in quotes"),
        ('"markets.csv"', '"market.csv"', "market.csv: cannot be read"),
    ],
)
def test_a_wrong_field_is_named(write: Callable[..., Path], was: str, becomes: str, said: str) -> None:
    assert was in PLAN
    refused(write(PLAN.replace(was, becomes)), said)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("0.05\n", "0.0500001\n", "card.csv, line 2: 0.0500001 has more than six decimals"),
        ("0.1131", "-0.1131", "card.csv, line 3: -0.1131 is negative"),
        ("0.1131", "1e-2", "card.csv, line 3: '1e-2' is no amount"),
        ("0.1131", "NaN", "line 3: 'NaN' is no amount"),
        ("0.1131", '"0,1131"', "line 3: '0,1131' is no amount"),
        ("0.1131", "", "line 3: '' is no amount"),
        ("0.1131", "\u0660.\u0661", "is no amount"),
        ("0.1131", "1131", "line 3: 1131 is above 1000"),
        (
            "Germany,marketing",
            "Germani,marketing",
            "line 3: no number prefix belongs to the market 'Germani': ",
        ),
        ("Germany,marketing", "Germani,marketing", "did you mean 'Germany'?"),
        ("Germany,marketing", "Germany,utility", "line 3: Germany already has such a rate"),
        ("Germany,marketing", "Germany,promotion", "line 3: category 'promotion' is none of service"),
        ("Germany,marketing,0.1131\n", "", "Germany has no rate for marketing messages"),
        ("Germany,marketing,0.1131\n", "Germany,marketing\n", "line 3: the line has not as many cells"),
        ("0.1131", "0.1131,x", "line 3: the line has not as many cells"),
        ("market,category", "markt,category", "line 1: the column market is missing"),
        ("0.0460\n", "0.0460\nOther,utility,0.06\n", "Other has no rate for marketing messages"),
        (CARD, "", "line 1: the column market is missing"),
    ],
)
def test_a_wrong_card_is_refused(write: Callable[..., Path], was: str, becomes: str, said: str) -> None:
    assert was in CARD
    refused(write(card=CARD.replace(was, becomes)), said)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("49,", "499,", "markets.csv, line 2: prefix '499' is not in the shipped table"),
        ("49,Germany,Germany", "49,Germany,", "line 2: prefix 49 has no market"),
        ("y\n", "y\n49,Germany,Bavaria\n", "line 3: prefix 49 is in Germany and in Bavaria"),
        ("49,Germany,Germany\n", "", "markets.csv: there is no prefix in it"),
        ("prefix,", "code,", "line 1: the column prefix is missing"),
    ],
)
def test_a_wrong_table_of_markets_is_refused(
    write: Callable[..., Path], was: str, becomes: str, said: str
) -> None:
    assert was in MARKETS
    refused(write(markets=MARKETS.replace(was, becomes)), said)


def test_text_in_another_encoding_is_refused(write: Callable[..., Path]) -> None:
    file = write()
    (file.parent / "card.csv").write_bytes("market,rate_eur\nTürkei,0.01\n".encode("latin-1"))
    refused(file, "card.csv: is no CSV text in UTF-8")
    file.write_bytes(b"name = '\xff'")
    refused(file, "tiny.toml: is not UTF-8 text")


def test_a_table_has_a_limit(write: Callable[..., Path]) -> None:
    many = MARKETS + "49,Germany,Germany\n" * 5_000
    refused(write(markets=many), "line 5002: there are more than 5000 rows")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "none.toml", "none.toml: cannot be read (No such file or directory)")


def refused(file: Path, said: str) -> None:
    with pytest.raises(PlanInvalid) as refusal:
        read_plan(file)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_plan_is_described_for_people(write: Callable[..., Path]) -> None:
    text = describe(read_plan(write()))
    assert text.splitlines() == [
        "tiny version 2 (PMP), from 2026-07-01T00:00:00.000Z.",
        "Free for 24 hours after the customer's last message: service, utility.",
        "A later free-form reply is refused (131047).",
        "EUR a delivered message, by market:",
        "  Germany  utility 0.05, marketing 0.1131, authentication 0.046",
    ]
    launch = describe(read_plan(shipped_plans()["launch-2018"])).splitlines()
    assert "  North America                     0.0147" in launch


def test_a_plan_is_described_for_programs(write: Callable[..., Path]) -> None:
    plan = plan_object(read_plan(write()))
    assert plan["late_free_form"] == "reject"
    assert plan["effective_from"] == "2026-07-01T00:00:00.000Z"
    assert plan["rates"] == [
        {"market": "Germany", "category": "utility", "amount": {"currency": "EUR", "micros": 50_000}},
        {"market": "Germany", "category": "marketing", "amount": {"currency": "EUR", "micros": 113_100}},
        {"market": "Germany", "category": "authentication", "amount": {"currency": "EUR", "micros": 46_000}},
    ]
    assert plan["markets"] == [{"prefix": "49", "market": "Germany"}]
