"""Which plan prices a message: the business's, in the version that was in force at acceptance."""

from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.rate_and_bill.rules import OTHER_MARKET, Plan
from services.rate_and_bill.words import CATEGORY_WORDS
from services.runtime.settings_seen import SettingsSeen

PLANS_READ_MAX = 256
"""Published versions kept translated; beyond, all are translated again as they are needed."""


class PlansInForce:
    """Finds plans in the settings that a partition has seen, and translates each version once."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[settings_pb2.SettingChanged, Plan]] = {}

    def at(
        self, settings: SettingsSeen, business_id: str, at_ms: int
    ) -> tuple[settings_pb2.Business, Plan] | None:
        """The business and its plan as they were in force at ``at_ms``; None when either is missing."""
        business = settings.in_force(f"business/{business_id}", at_ms)
        if business is None:
            return None
        setting = settings.in_force(f"price-plan/{business.business.plan}", at_ms)
        if setting is None:
            return None
        return business.business, self._plan(setting)

    def _plan(self, setting: settings_pb2.SettingChanged) -> Plan:
        # By identity, which is exact because the kept reference keeps the object's id from being used again.
        known = self._read.get(id(setting))
        if known is not None:
            return known[1]
        if len(self._read) >= PLANS_READ_MAX:
            self._read.clear()
        plan = plan_of(setting.price_plan)
        self._read[id(setting)] = (setting, plan)
        return plan


def plan_of(published: plan_pb2.PricePlan) -> Plan:
    """A published plan in the words of the rules."""
    rates = {(rate.market, CATEGORY_WORDS[rate.category]): rate.micros for rate in published.rates}
    markets = {each.prefix: each.market for each in published.markets}
    if any(market == OTHER_MARKET for market, _ in rates):
        markets[""] = OTHER_MARKET
    return Plan(
        name=published.name,
        version=published.version,
        currency=published.currency,
        pricing_model=published.pricing_model,
        window_ms=published.window_seconds * 1_000,
        charges_late_replies=published.late_free_form == plan_pb2.LATE_FREE_FORM_CHARGE,
        free_in_window=frozenset(CATEGORY_WORDS[category] for category in published.free_in_window),
        rates=rates,
        markets=markets,
    )
