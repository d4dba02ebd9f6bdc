"""A price plan for people and for programs to read."""

from parley.plan.v1 import plan_pb2
from services.contracts.instants import rfc3339
from services.rate_and_bill.amounts import amount_text
from services.rate_and_bill.words import CATEGORY_WORDS

SECONDS_PER_HOUR = 3_600
LATE_FREE_FORM_WORDS = {
    plan_pb2.LATE_FREE_FORM_CHARGE: "charge",
    plan_pb2.LATE_FREE_FORM_REJECT: "reject",
}
_LATE_FREE_FORM_SENTENCES = {
    plan_pb2.LATE_FREE_FORM_CHARGE: "A later free-form reply is charged.",
    plan_pb2.LATE_FREE_FORM_REJECT: "A later free-form reply is refused (131047).",
}


def describe(plan: plan_pb2.PricePlan) -> str:
    """The plan as a person from finance would want it read out: a few sentences, then a line a market."""
    hours = plan.window_seconds // SECONDS_PER_HOUR
    free = ", ".join(CATEGORY_WORDS[category] for category in plan.free_in_window) or "nothing"
    sentences = [
        f"{plan.name} version {plan.version} ({plan.pricing_model}), from {rfc3339(plan.effective_from_ms)}.",
        f"Free for {hours} hours after the customer's last message: {free}.",
        _LATE_FREE_FORM_SENTENCES[plan.late_free_form],
        f"{plan.currency} a delivered message, by market:",
    ]
    rates: dict[str, dict[str, int]] = {}
    for rate in plan.rates:
        rates.setdefault(rate.market, {})[CATEGORY_WORDS[rate.category]] = rate.micros
    width = max(map(len, rates), default=0)
    lines = [f"  {market:<{width}}  {_market_rates(by_category)}" for market, by_category in rates.items()]
    return "\n".join(sentences + lines)


def plan_object(plan: plan_pb2.PricePlan) -> dict[str, object]:
    """The plan as one JSON object; amounts as ``{"currency","micros"}``."""
    return {
        "name": plan.name,
        "version": plan.version,
        "effective_from": rfc3339(plan.effective_from_ms),
        "currency": plan.currency,
        "pricing_model": plan.pricing_model,
        "window_seconds": plan.window_seconds,
        "late_free_form": LATE_FREE_FORM_WORDS[plan.late_free_form],
        "free_in_window": [CATEGORY_WORDS[category] for category in plan.free_in_window],
        "rates": [
            {
                "market": rate.market,
                "category": CATEGORY_WORDS[rate.category],
                "amount": {"currency": plan.currency, "micros": rate.micros},
            }
            for rate in plan.rates
        ],
        "markets": [{"prefix": each.prefix, "market": each.market} for each in plan.markets],
    }


def _market_rates(by_category: dict[str, int]) -> str:
    if set(by_category) == set(CATEGORY_WORDS.values()) and len(set(by_category.values())) == 1:
        return amount_text(by_category["service"])
    return ", ".join(f"{category} {amount_text(micros)}" for category, micros in by_category.items())
