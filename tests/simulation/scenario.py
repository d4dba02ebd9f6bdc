"""Who takes part: two businesses with three numbers, five customers in four countries, small price plans."""

from functools import cache
from typing import NamedTuple

from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.contracts.keys import conversation_key
from services.identity.destination import destination_prefix
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref

T0_MS = 1_760_000_000_000
"""2025-10-09T08:53:20Z."""
SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
PLATFORM_KEY = PlatformKey(bytes(range(32)))

CHARGES, REJECTS, IN_EUROS = "charges-late", "rejects-late", "in-euros"
PLANS = (CHARGES, REJECTS, IN_EUROS)
CATEGORIES = {
    "service": facts_pb2.CATEGORY_SERVICE,
    "utility": facts_pb2.CATEGORY_UTILITY,
    "marketing": facts_pb2.CATEGORY_MARKETING,
}
MARKETS = {"1": "North America", "1876": "Rest of Latin America", "49": "Germany", "55": "Brazil"}


def _number(number: int, business_id: str, account_id: str) -> settings_pb2.PhoneNumber:
    return settings_pb2.PhoneNumber(
        phone_number_id=str(106_540_352_242_920 + number),
        account_id=account_id,
        business_id=business_id,
        display_phone_number=str(15_550_783_880 + number),
        verified_name=f"Example {number}",
    )


BUSINESSES = (
    settings_pb2.Business(
        business_id="506914307656634", currency="USD", time_zone="America/New_York", plan=CHARGES
    ),
    settings_pb2.Business(
        business_id="506914307656635", currency="USD", time_zone="Europe/Berlin", plan=REJECTS
    ),
)
ACCOUNTS = tuple(
    settings_pb2.Account(account_id=account_id, business_id=business.business_id, name=f"Shop {account_id}")
    for account_id, business in zip(("102290129340398", "102290129340399"), BUSINESSES, strict=True)
)
NUMBERS = (
    _number(1, BUSINESSES[0].business_id, ACCOUNTS[0].account_id),
    _number(2, BUSINESSES[0].business_id, ACCOUNTS[0].account_id),
    _number(3, BUSINESSES[1].business_id, ACCOUNTS[1].account_id),
)
CUSTOMER_NUMBERS = ("16505551234", "18765551234", "4915112345678", "5511987654321", "16505559876")


class Customer(NamedTuple):
    """A customer as each part of the platform calls him."""

    number: str
    user_ref: str
    prefix: str


CUSTOMERS = tuple(
    Customer(number, user_ref(PLATFORM_KEY, number), destination_prefix(number))
    for number in CUSTOMER_NUMBERS
)


@cache
def conversation(business_id: str, customer: Customer) -> bytes:
    """Key of the conversation of a business with a customer."""
    return conversation_key(business_id, customer.user_ref)


def price_plan(name: str, version: int, effective_from_ms: int) -> plan_pb2.PricePlan:
    """A plan whose prices tell its version: the market's number in the table, times the version, in cents.

    Each third version has no price for its last market.
    """
    rejects = name == REJECTS
    markets = list(MARKETS.values())
    priced = markets[:-1] if version % 3 == 0 else markets
    return plan_pb2.PricePlan(
        name=name,
        version=version,
        effective_from_ms=effective_from_ms,
        currency="EUR" if name == IN_EUROS else "USD",
        pricing_model="PMP" if rejects else "NBP",
        window_seconds=86_400,
        late_free_form=plan_pb2.LATE_FREE_FORM_REJECT if rejects else plan_pb2.LATE_FREE_FORM_CHARGE,
        free_in_window=[CATEGORIES["service"], CATEGORIES["utility"]],
        rates=[
            plan_pb2.Rate(market=market, category=category, micros=10_000 * place * version + category)
            for place, market in enumerate(priced, 1)
            for category in CATEGORIES.values()
        ],
        markets=[plan_pb2.MarketPrefix(prefix=prefix, market=market) for prefix, market in MARKETS.items()],
    )


def first_settings() -> list[settings_pb2.SettingChanged]:
    """What an operator sets before anybody writes."""
    since_ms = T0_MS - 30 * DAY_MS
    changed = settings_pb2.SettingChanged
    return [
        changed(key="platform", effective_from_ms=since_ms, platform=settings_pb2.Platform()),
        *(
            changed(
                key=f"price-plan/{name}",
                effective_from_ms=since_ms,
                price_plan=price_plan(name, 1, since_ms),
            )
            for name in PLANS
        ),
        *(
            changed(key=f"business/{each.business_id}", effective_from_ms=since_ms, business=each)
            for each in BUSINESSES
        ),
        *(
            changed(key=f"account/{each.account_id}", effective_from_ms=since_ms, account=each)
            for each in ACCOUNTS
        ),
    ]
