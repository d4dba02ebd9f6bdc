"""Price plans as files: a TOML file with a rate card beside it, read and checked whole.

Nothing is taken on trust: an unknown field, a market without a rate or an amount that micros cannot hold
exactly is refused with the place and the remedy, so that what is published prices every message.
"""

from pathlib import Path
from re import compile as pattern

from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from services.identity.destination import TABLE
from services.rate_and_bill.plan_errors import PlanInvalid
from services.rate_and_bill.plan_fields import PlanFields
from services.rate_and_bill.plan_tables import read_card, read_markets
from services.rate_and_bill.rules import OTHER_MARKET
from services.rate_and_bill.words import CATEGORY_WORDS

PLANS = Path(__file__).parent / "plans"
REQUIRED = (
    "name",
    "version",
    "effective_from",
    "currency",
    "pricing_model",
    "window_hours",
    "late_free_form",
    "free_in_window",
    "card",
)
OPTIONAL = ("markets",)
VERSION_MAX = 1_000_000
WINDOW_HOURS_MAX = 7 * 24
"""session-window remembers a window for seven days after it closed; a longer one could not be proved."""
PLAN_BYTES_MAX = 512 * 1024
"""A plan travels as one Kafka record, half of what a broker takes by default."""
PRICING_MODELS = ("NBP", "PMP")
LATE_FREE_FORM = {
    "charge": plan_pb2.LATE_FREE_FORM_CHARGE,
    "reject": plan_pb2.LATE_FREE_FORM_REJECT,
}
_NAME = pattern(r"[a-z0-9][a-z0-9-]{0,63}")
_CURRENCY = pattern(r"[A-Z]{3}")


def shipped_plans() -> dict[str, Path]:
    """The plan files that come with the product, by the plan's name."""
    return {file.stem: file for file in sorted(PLANS.glob("*.toml"))}


def read_plan(file: Path) -> plan_pb2.PricePlan:
    """The plan in a file. Paths in it start from its folder. Raises :class:`PlanInvalid`."""
    fields = PlanFields(file, REQUIRED, OPTIONAL)
    markets_file = file.parent / fields.text("markets") if "markets" in fields else TABLE
    markets = read_markets(markets_file)
    currency = fields.matching("currency", _CURRENCY, "three capital letters such as USD")
    card_file = file.parent / fields.text("card")
    plan = plan_pb2.PricePlan(
        name=fields.matching("name", _NAME, "small letters, digits and hyphens, 64 at most"),
        version=fields.whole("version", VERSION_MAX),
        effective_from_ms=fields.instant_ms("effective_from"),
        currency=currency,
        pricing_model=fields.one_of("pricing_model", PRICING_MODELS),
        window_seconds=fields.whole("window_hours", WINDOW_HOURS_MAX) * 3_600,
        late_free_form=LATE_FREE_FORM[fields.one_of("late_free_form", tuple(LATE_FREE_FORM))],
        free_in_window=fields.categories("free_in_window"),
        rates=read_card(card_file, currency, {each.market for each in markets}),
        markets=markets,
    )
    _refuse_gaps(card_file, plan)
    if plan.ByteSize() > PLAN_BYTES_MAX:
        raise PlanInvalid(file, "", f"the plan is larger than {PLAN_BYTES_MAX} bytes: shorten its tables")
    return plan


def _refuse_gaps(card_file: Path, plan: plan_pb2.PricePlan) -> None:
    """Every market must have a rate for whatever may be charged, or messages would fail one by one."""
    rated = {(rate.market, rate.category) for rate in plan.rates}
    named = {each.market for each in plan.markets} | {market for market, _ in rated if market == OTHER_MARKET}
    for market in sorted(named):
        for category, word in CATEGORY_WORDS.items():
            if (market, category) not in rated and _may_be_charged(plan, category):
                raise PlanInvalid(card_file, "", f"{market} has no rate for {word} messages: add one")


def _may_be_charged(plan: plan_pb2.PricePlan, category: facts_pb2.Category) -> bool:
    if category != facts_pb2.CATEGORY_SERVICE:
        return True
    return category not in plan.free_in_window or plan.late_free_form == plan_pb2.LATE_FREE_FORM_CHARGE
