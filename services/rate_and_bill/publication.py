"""A price plan as the setting that publishes it."""

from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2


class NotPublishable(ValueError):
    """The plan would change, or go behind, what is published; the sentence says what to do."""


def publication(
    plan: plan_pb2.PricePlan, newest: plan_pb2.PricePlan | None
) -> settings_pb2.SettingChanged | None:
    """The setting that publishes ``plan`` from its date, or None where it is published already.

    ``newest`` is the newest published version of the same plan. Ledger entries name a version as what priced
    them, so a published version never changes: raises :class:`NotPublishable` where it would.
    """
    if newest is not None:
        if plan == newest:
            return None
        if plan.version <= newest.version:
            raise NotPublishable(
                f"{plan.name} is published in version {newest.version}, which never changes: "
                f"make this one version {newest.version + 1} with its own effective_from"
            )
    return settings_pb2.SettingChanged(
        key=f"price-plan/{plan.name}", effective_from_ms=plan.effective_from_ms, price_plan=plan
    )
