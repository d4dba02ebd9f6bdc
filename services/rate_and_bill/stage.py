"""rate-and-bill: turns usage into a ledger, and tells delivery what may be sent and how it is priced."""

from collections.abc import Callable, Iterable

from google.protobuf.message import Message

from parley.billing.v1 import rating_row_pb2, usage_pb2
from parley.message.v1 import facts_pb2
from services.contracts.catalogue import topic
from services.rate_and_bill import ledger
from services.rate_and_bill.answers import authorized, refused
from services.rate_and_bill.rules import (
    EXPIRED,
    NOT_DELIVERED,
    Charged,
    Free,
    Plan,
    Refused,
    Send,
    judge,
    no_plan,
)
from services.rate_and_bill.terms import PlansInForce
from services.rate_and_bill.words import CATEGORY_WORDS
from services.runtime.batch import Pace
from services.runtime.record import Cause, Output
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen
from services.runtime.stage import InvariantBroken

REGULAR = "regular"
FREE_CUSTOMER_SERVICE = "free_customer_service"

RatingRow = rating_row_pb2.RatingRow


class RateAndBillStage:
    """Prices each message once, when it was accepted, and settles it once, by delivery's outcome.

    ``on_stray_outcome`` is called with the kind of an outcome that belongs to no open message; it changes
    nothing, and only counts.
    """

    name = "rate-and-bill"
    rules_version = 1
    input = topic("usage")
    changelog = topic("rate-and-bill-changelog")
    pace = Pace(can_wait=frozenset({"message_delivered", "message_undelivered"}))

    def __init__(self, on_stray_outcome: Callable[[str], None] | None = None) -> None:
        self._on_stray_outcome = on_stray_outcome
        self._plans = PlansInForce()

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        if isinstance(event, usage_pb2.SendAssessed):
            return self._price(event, cause, rows, settings)
        if isinstance(event, usage_pb2.MessageDelivered | usage_pb2.MessageUndelivered):
            return self._settle(kind, event, cause, rows)
        raise InvariantBroken(f"usage holds {kind}, which rate-and-bill does not know")

    def wake(  # no row here asks for it, but every stage has it
        self,
        row_key: bytes,
        cause: Cause,  # noqa: ARG002
        rows: Rows,  # noqa: ARG002
        settings: SettingsSeen,  # noqa: ARG002
    ) -> Iterable[Output]:
        raise InvariantBroken(f"row {row_key!r} asked to be woken, but nothing here has a timer")

    def _price(
        self, assessed: usage_pb2.SendAssessed, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> list[Output]:
        facts = assessed.facts
        row_key = _message_key(cause.key, facts.message_id)
        _check(facts, cause, rows, row_key)
        terms = self._plans.at(settings, facts.business_id, facts.accepted_at_ms)
        if terms is None:
            return [refused(facts, no_plan(facts.business_id))]
        business, plan = terms
        head = _head(rows, cause.key)
        verdict = judge(plan, business.currency, head.head.currency, _send(assessed))
        if isinstance(verdict, Refused):
            return [refused(facts, verdict)]
        row = _opened(assessed, plan, verdict)
        outputs = [authorized(row.open)]
        if isinstance(verdict, Charged):
            outputs.append(ledger.authorized(head.head, row.open, cause))
            rows.put(cause.key, head)
        elif not head.head.currency:
            # From here on an entry of this currency may come, so no plan in another may price anything.
            head.head.currency = plan.currency
            rows.put(cause.key, head)
        rows.put(row_key, row)
        return outputs

    def _settle(
        self,
        kind: str,
        outcome: usage_pb2.MessageDelivered | usage_pb2.MessageUndelivered,
        cause: Cause,
        rows: Rows,
    ) -> list[Output]:
        row_key = _message_key(cause.key, outcome.message_id)
        row = rows.get(row_key)
        if row is None:
            if self._on_stray_outcome is not None:
                self._on_stray_outcome(kind)
            return []
        rows.delete(row_key)
        message = row.open  # type: ignore[attr-defined]
        if not message.authorized and isinstance(outcome, usage_pb2.MessageUndelivered):
            return []
        head = _head(rows, cause.key)
        entry = _closing_entry(head.head, message, outcome, cause)
        rows.put(cause.key, head)
        return [entry]


def _message_key(business: bytes, message_id: str) -> bytes:
    return business + b"/" + message_id.encode()


def _check(facts: facts_pb2.SendFacts, cause: Cause, rows: Rows, row_key: bytes) -> None:
    """Refuse what the stages before cannot have written, above all a second authorization."""
    if facts.business_id.encode() != cause.key:
        raise InvariantBroken(f"usage of business {facts.business_id} lies under the key {cause.key!r}")
    if rows.get(row_key) is not None:
        raise InvariantBroken(f"{facts.message_id} is priced already and has not ended")
    is_free_form = facts.form == facts_pb2.FORM_FREE_FORM
    is_service = facts.category == facts_pb2.CATEGORY_SERVICE
    if facts.category not in CATEGORY_WORDS or not facts.form or is_free_form != is_service:
        raise InvariantBroken(
            f"category {facts.category} and form {facts.form} of {facts.message_id} do not go together"
        )


def _head(rows: Rows, business: bytes) -> RatingRow:
    """The head of the business's ledger, fresh where it has no entry yet."""
    row = rows.get(business)
    return RatingRow() if row is None else row  # type: ignore[return-value]


def _send(assessed: usage_pb2.SendAssessed) -> Send:
    facts, window = assessed.facts, assessed.window
    return Send(
        destination_prefix=facts.destination_prefix,
        category=CATEGORY_WORDS[facts.category],
        accepted_at_ms=facts.accepted_at_ms,
        customer_wrote_at_ms=window.last_message_at_ms if window.last_message_id else None,
    )


def _opened(assessed: usage_pb2.SendAssessed, plan: Plan, verdict: Free | Charged) -> RatingRow:
    """The row that waits for the message's outcome, with all that its ledger entries will say."""
    row = RatingRow()
    message = row.open
    message.assessed.CopyFrom(assessed)
    message.currency = plan.currency
    message.reason = verdict.reason
    message.plan = plan.name
    message.plan_version = plan.version
    message.market = verdict.market
    pricing = message.pricing
    pricing.pricing_model = plan.pricing_model
    pricing.category = CATEGORY_WORDS[assessed.facts.category]
    if isinstance(verdict, Charged):
        message.authorized = pricing.billable = True
        message.price_micros = verdict.price_micros
        pricing.type = REGULAR
    else:
        pricing.type = FREE_CUSTOMER_SERVICE
    return row


def _closing_entry(
    head: ledger.LedgerHead,
    message: ledger.OpenMessage,
    outcome: usage_pb2.MessageDelivered | usage_pb2.MessageUndelivered,
    cause: Cause,
) -> Output:
    if isinstance(outcome, usage_pb2.MessageUndelivered):
        reason = EXPIRED if outcome.expired else NOT_DELIVERED
        return ledger.voided(head, message, cause, outcome.ended_at_ms, reason, outcome.consent_id)
    close = ledger.captured if message.authorized else ledger.free
    return close(head, message, cause, outcome.delivered_at_ms, outcome.consent_id)
