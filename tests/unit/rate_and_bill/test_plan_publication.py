"""Publishing a plan: what is published never changes."""

import pytest

from services.rate_and_bill.publication import NotPublishable, publication
from tests.unit.rate_and_bill.rig import launch_plan


def test_a_new_plan_holds_from_its_own_date() -> None:
    plan = launch_plan()
    setting = publication(plan, None)
    assert setting is not None
    assert (setting.key, setting.effective_from_ms) == ("price-plan/launch-2018", 1_533_081_600_000)
    assert setting.price_plan == plan


def test_publishing_it_again_does_nothing() -> None:
    assert publication(launch_plan(), launch_plan()) is None


def test_a_published_version_never_changes() -> None:
    changed = launch_plan()
    changed.rates[0].micros += 1
    with pytest.raises(NotPublishable, match="make this one version 2"):
        publication(changed, launch_plan())
    changed.version = 2
    assert publication(changed, launch_plan()) is not None
    with pytest.raises(NotPublishable, match="make this one version 3"):
        publication(launch_plan(), changed)
