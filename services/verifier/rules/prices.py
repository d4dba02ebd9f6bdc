"""What a message costs, computed once more from the published plan and the stated window.

Source: business rules 2.1, 2.7; DESIGN of money: the plan in force at acceptance turns facts into free,
charged or refused. Amounts are micros of the plan's currency.
"""

from collections.abc import Mapping
from typing import NamedTuple

from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.verifier.rules.windows import Evidence

FREE, CHARGED, REFUSED = "free", "charged", "refused"
IN_WINDOW, CHARGED_IN_WINDOW = "in_window", "charged_in_window"
LATE, TEMPLATE_OUTSIDE = "late_reply", "template_outside_window"
EXPIRED, NOT_DELIVERED = "expired", "not_delivered"
"""Why an entry is as it is, in the ledger's words."""
NO_PRICE, WRONG_CURRENCY, LATE_REPLY = 131026, 131042, 131047
OTHER = "Other"


class Due(NamedTuple):
    """What a plan says about one request."""

    kind: str
    code: int = 0
    """Cloud API code of a refusal."""
    micros: int = 0
    currency: str = ""
    market: str = ""
    plan: str = ""
    plan_version: int = 0
    reason: str = ""
    """Why it is free, or charged."""


class Card(NamedTuple):
    """A published plan, ready to be looked up in."""

    plan: plan_pb2.PricePlan
    market_of_prefix: Mapping[str, str]
    micros: Mapping[tuple[str, int], int]
    free_in_window: frozenset[int]


def card_of(plan: plan_pb2.PricePlan) -> Card:
    """Index a plan."""
    return Card(
        plan,
        {row.prefix: row.market for row in plan.markets},
        {(rate.market, rate.category): rate.micros for rate in plan.rates},
        frozenset(plan.free_in_window),
    )


def due_for(
    business: settings_pb2.Business | None, card: Card | None, facts: facts_pb2.SendFacts, window: Evidence
) -> Due:
    """Free, charged or refused, by the business's plan; None stands for what was not in force."""
    if business is None or card is None:
        return Due(REFUSED, NO_PRICE)
    if card.plan.currency != business.currency:
        return Due(REFUSED, WRONG_CURRENCY)
    market = _market(card, facts.destination_prefix)
    return Due(REFUSED, NO_PRICE) if market is None else _due_in(market, card, facts, window)


def _due_in(market: str, card: Card, facts: facts_pb2.SendFacts, window: Evidence) -> Due:
    plan = card.plan
    wrote = bool(window.last_message_id)
    inside = wrote and facts.accepted_at_ms - window.last_message_at_ms < plan.window_seconds * 1000
    if inside and facts.category in card.free_in_window:
        return Due(FREE, 0, 0, plan.currency, market, plan.name, plan.version, IN_WINDOW)
    rejects_late = plan.late_free_form == plan_pb2.LATE_FREE_FORM_REJECT
    if facts.form == facts_pb2.FORM_FREE_FORM and not inside and rejects_late:
        return Due(REFUSED, LATE_REPLY)
    micros = card.micros.get((market, facts.category))
    if micros is None:
        return Due(REFUSED, NO_PRICE)
    outside = LATE if facts.form == facts_pb2.FORM_FREE_FORM else TEMPLATE_OUTSIDE
    reason = CHARGED_IN_WINDOW if inside else outside
    return Due(CHARGED, 0, micros, plan.currency, market, plan.name, plan.version, reason)


def _market(card: Card, prefix: str) -> str | None:
    """The market of the longest prefix in the table, else ``Other`` where the card prices it."""
    while prefix:
        if prefix in card.market_of_prefix:
            return card.market_of_prefix[prefix]
        prefix = prefix[:-1]
    return OTHER if any(market == OTHER for market, _ in card.micros) else None
