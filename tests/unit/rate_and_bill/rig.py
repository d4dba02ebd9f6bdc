"""A rig for rate-and-bill: one business, the shipped plan, and requests in a line each."""

from hashlib import sha256
from typing import Any

from parley.billing.v1 import ledger_pb2, usage_pb2
from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.rate_and_bill.plan_file import read_plan, shipped_plans
from services.rate_and_bill.stage import RateAndBillStage
from services.rate_and_bill.words import CATEGORIES
from tests.unit.stage_rig import Emitted, StageRig

BUSINESS = "506914307656634"
OTHER_BUSINESS = "506914307656635"
ACCOUNT = "102290129340398"
NUMBER = "106540352242922"
HOUR_MS = 3_600_000
T0_MS = 1_760_000_000_000
"""Hour 0 of the golden tests: 2025-10-09T08:53:20Z."""
NO_HASH = "0" * 64


def launch_plan() -> plan_pb2.PricePlan:
    """launch-2018 as it ships."""
    return read_plan(shipped_plans()["launch-2018"])


def assessed(
    message_id: str,
    category: str = "service",
    *,
    at_ms: int = T0_MS,
    wrote_at_ms: int | None = None,
    prefix: str = "1",
    user_ref: str = "u1_a",
    business_id: str = BUSINESS,
) -> usage_pb2.SendAssessed:
    """A permitted request: free-form for ``service``, else a template. Times in Unix milliseconds."""
    window = facts_pb2.WindowEvidence()
    if wrote_at_ms is not None:
        closes_at_ms = wrote_at_ms + 24 * HOUR_MS
        window = facts_pb2.WindowEvidence(
            open=at_ms < closes_at_ms,
            opened_by="wamid.opened",
            opened_at_ms=wrote_at_ms,
            last_message_id="wamid.last",
            last_message_at_ms=wrote_at_ms,
            closes_at_ms=closes_at_ms,
        )
    is_service = category == "service"
    return usage_pb2.SendAssessed(
        facts=facts_pb2.SendFacts(
            message_id=message_id,
            business_id=business_id,
            account_id=ACCOUNT,
            phone_number_id=NUMBER,
            user_ref=user_ref,
            destination_prefix=prefix,
            category=CATEGORIES[category],
            form=facts_pb2.FORM_FREE_FORM if is_service else facts_pb2.FORM_TEMPLATE,
            accepted_at_ms=at_ms,
            expires_at_ms=at_ms + 720 * HOUR_MS,
        ),
        consent_id="consent.3.7",
        window=window,
    )


def delivered(
    message_id: str, at_ms: int = T0_MS, consent_id: str = "consent.3.7"
) -> usage_pb2.MessageDelivered:
    """The first receipt of a message."""
    return usage_pb2.MessageDelivered(message_id=message_id, delivered_at_ms=at_ms, consent_id=consent_id)


def undelivered(
    message_id: str, at_ms: int = T0_MS, *, expired: bool = False, consent_id: str = ""
) -> usage_pb2.MessageUndelivered:
    """The end of a message that nobody received."""
    return usage_pb2.MessageUndelivered(
        message_id=message_id, ended_at_ms=at_ms, expired=expired, code=131026, consent_id=consent_id
    )


class RatingRig(StageRig):
    """The stage with its settings in place and its strays counted."""

    def __init__(self, plan: plan_pb2.PricePlan | None = None) -> None:
        self.strays: list[str] = []
        super().__init__(RateAndBillStage(on_stray_outcome=self.strays.append))
        self.set_plan(plan or launch_plan())
        for business_id in (BUSINESS, OTHER_BUSINESS):
            self.set_business(business_id)
        self.entries: list[ledger_pb2.LedgerEntry] = []
        """All entries so far, of all businesses."""
        self.hashes: list[str] = []
        """SHA-256 of their record values."""

    def set_plan(self, plan: plan_pb2.PricePlan) -> None:
        """Publish a version of a plan, in force from its own date."""
        self.setting(f"price-plan/{plan.name}", plan, plan.effective_from_ms)

    def set_business(self, business_id: str, plan: str = "launch-2018", currency: str = "USD") -> None:
        """Assign a plan to a business."""
        business = settings_pb2.Business(
            business_id=business_id, currency=currency, time_zone="Etc/UTC", plan=plan
        )
        self.setting(f"business/{business_id}", business)

    def give(self, event: Any, business_id: str = BUSINESS, at_ms: int = T0_MS) -> list[Emitted]:
        """Feed one usage event; its ledger entries are also kept in ``entries``."""
        made = len(self.partition.outputs)
        emitted = self.feed(event, business_id.encode(), at_ms)
        for each, (output, _) in zip(emitted, self.partition.outputs[made:], strict=True):
            if each.topic == "ledger":
                self.entries.append(each.value)
                self.hashes.append(sha256(output.value or b"").hexdigest())
        return emitted

    def kinds(self) -> list[str]:
        """What the ledger holds, in order."""
        return [str(entry.WhichOneof("event")) for entry in self.entries]
