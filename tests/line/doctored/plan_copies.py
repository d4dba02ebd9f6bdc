"""4. Free if and only if plan and evidence say so: the copies of the plan."""

from typing import Any

from tests.line.doctored.choosing import first
from tests.line.doctoring import Case, Doctored, Run, appended, edited

NEVER_MS = 1 << 50
"""So late that it changes nothing in the run."""


def plan_in_one_partition_only(run: Run) -> Doctored:
    """A cheaper plan is written to one partition of usage, and nobody has set it."""
    line = first(run, "usage", "setting_changed", where=lambda line: line.event.key.startswith("price-plan/"))

    def cheaper(message: Any) -> None:
        message.setting_changed.version += 1
        message.setting_changed.effective_from_ms = NEVER_MS
        message.setting_changed.price_plan.version += 1

    return appended(run, line, cheaper, 4)


def plan_that_says_something_else_in_one_partition(run: Run) -> Doctored:
    line = first(run, "usage", "setting_changed", where=lambda line: line.event.key.startswith("price-plan/"))

    def other_model(message: Any) -> None:
        message.setting_changed.price_plan.pricing_model = "PMP"

    return edited(run, line, other_model, line.found(4))


def plan_edited_in_settings(run: Run) -> Doctored:
    """Whoever reads `settings` sees another plan than rate-and-bill."""
    line = first(run, "settings", "price_plan")

    def other_model(message: Any) -> None:
        message.price_plan.pricing_model = "PMP"

    return edited(run, line, other_model, line.found(4))


def plan_in_settings_only(run: Run) -> Doctored:
    line = first(run, "settings", "price_plan")

    def newer(message: Any) -> None:
        message.version += 1
        message.effective_from_ms = NEVER_MS

    return appended(run, line, newer, 4)


CASES: tuple[Case, ...] = (
    plan_in_one_partition_only,
    plan_that_says_something_else_in_one_partition,
    plan_edited_in_settings,
    plan_in_settings_only,
)
