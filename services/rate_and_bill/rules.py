"""What a message costs: free, charged or refused.

A message is judged once, when it is accepted, by the price plan that was in force at that moment:

* The customer's number decides the market, and the longest prefix wins: 1876 is Jamaica, 1 the rest of
  North America. A number outside the table belongs to ``Other``, where the card has that market.
* For as long as the plan's window lasts after the customer's last message, the plan's free categories cost
  nothing. The window is half open: a message accepted exactly at its end is outside.
* Outside, a template costs what the card says. A free-form reply costs the card's rate for ``service`` under
  a plan that charges late replies, and is refused under one that rejects them.
* All money of a business is of one currency, for ever: a plan in another is refused.

All amounts are whole micros of the plan's currency, all times Unix milliseconds in UTC.
"""

from collections.abc import Mapping
from typing import NamedTuple

OTHER_MARKET = "Other"
SERVICE = "service"
"""The category of every free-form message; all other categories are templates'."""

IN_WINDOW = "in_window"
LATE_REPLY = "late_reply"
TEMPLATE_OUTSIDE_WINDOW = "template_outside_window"
CHARGED_IN_WINDOW = "charged_in_window"
NOT_DELIVERED = "not_delivered"
EXPIRED = "expired"

UNDELIVERABLE = 131026
"""Cloud API code for a message that cannot go to this customer: here, because it has no price."""
PAYMENT_ISSUE = 131042
"""Cloud API code for a business whose money is not in order."""
REENGAGEMENT = 131047
"""Cloud API code for a free-form reply outside the window."""
HOUR_MS = 3_600_000


class Plan(NamedTuple):
    """A price plan as it is applied."""

    name: str
    version: int
    currency: str
    pricing_model: str
    """How webhooks call the plan's way of pricing: NBP or PMP."""
    window_ms: int
    charges_late_replies: bool
    """Whether a free-form reply outside the window is accepted and charged; else it is refused."""
    free_in_window: frozenset[str]
    """Categories that cost nothing inside the window."""
    rates: Mapping[tuple[str, str], int]
    """Micros by market and category."""
    markets: Mapping[str, str]
    """Market by number prefix. The empty prefix, with which every number begins, is ``Other``'s."""


class Send(NamedTuple):
    """What pricing must know of a message."""

    destination_prefix: str
    """Longest prefix of the customer's number in the shipped table; empty when there is none."""
    category: str
    accepted_at_ms: int
    customer_wrote_at_ms: int | None
    """Time of the customer's last message to this number; None when the customer never wrote to it."""


class Free(NamedTuple):
    """The message costs nothing, delivered or not."""

    market: str
    reason: str


class Charged(NamedTuple):
    """The message costs ``price_micros`` once it is delivered."""

    market: str
    reason: str
    price_micros: int


class Refused(NamedTuple):
    """The message may not be sent."""

    code: int
    details: str
    """What happened and what to do, one sentence for the business."""


def judge(plan: Plan, business_currency: str, ledger_currency: str, send: Send) -> Free | Charged | Refused:
    """Whether a message is free, what it costs, or why it may not be sent.

    ``ledger_currency`` is that of what the business was billed so far; empty when it was billed nothing.
    """
    for currency in (business_currency, ledger_currency or business_currency):
        if plan.currency != currency:
            return _other_currency(plan, currency)
    market = market_of(plan, send.destination_prefix)
    if market is None:
        return _no_market(plan)
    inside = is_inside_window(plan, send)
    if inside and send.category in plan.free_in_window:
        return Free(market, IN_WINDOW)
    if send.category == SERVICE and not inside and not plan.charges_late_replies:
        return _late_reply_rejected(plan)
    price_micros = plan.rates.get((market, send.category))
    if price_micros is None:
        return _no_rate(plan, market, send.category)
    return Charged(market, _why_charged(send, inside), price_micros)


def market_of(plan: Plan, destination_prefix: str) -> str | None:
    """The market of the longest prefix in the plan's table; None when not even ``Other`` is there."""
    for length in range(len(destination_prefix), -1, -1):
        market = plan.markets.get(destination_prefix[:length])
        if market is not None:
            return market
    return None


def is_inside_window(plan: Plan, send: Send) -> bool:
    """Whether the message was accepted before the plan's window ended; never without a customer's message."""
    wrote_at_ms = send.customer_wrote_at_ms
    return wrote_at_ms is not None and send.accepted_at_ms < wrote_at_ms + plan.window_ms


def no_plan(business_id: str) -> Refused:
    """The answer where no price plan was in force when the message was accepted."""
    return Refused(
        UNDELIVERABLE,
        f"No price plan was in force for business {business_id} when the message was accepted; "
        "have the platform's operator assign one, then send again.",
    )


def _why_charged(send: Send, inside: bool) -> str:
    if inside:
        return CHARGED_IN_WINDOW
    return LATE_REPLY if send.category == SERVICE else TEMPLATE_OUTSIDE_WINDOW


def _other_currency(plan: Plan, currency: str) -> Refused:
    return Refused(
        PAYMENT_ISSUE,
        f"The price plan {plan.name} is in {plan.currency}, the business is billed in {currency}; "
        "have the platform's operator assign a plan in the business's currency.",
    )


def _no_market(plan: Plan) -> Refused:
    return Refused(
        UNDELIVERABLE,
        f"The customer's number belongs to no market of the price plan {plan.name}; "
        "messages to this country need a plan that has a rate for it.",
    )


def _no_rate(plan: Plan, market: str, category: str) -> Refused:
    return Refused(
        UNDELIVERABLE,
        f"The price plan {plan.name} has no rate for {category} messages to {market}; "
        "have the platform's operator publish a card that has one.",
    )


def _late_reply_rejected(plan: Plan) -> Refused:
    return Refused(
        REENGAGEMENT,
        f"The customer did not write to this number in the {plan.window_ms // HOUR_MS} hours before; "
        "send an approved template instead.",
    )
