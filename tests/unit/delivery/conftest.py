"""What the tests of delivery share."""

import pytest

from tests.unit.delivery.rig import GRANTED, DeliveryRig


@pytest.fixture
def rig() -> DeliveryRig:
    """The stage, in one conversation that may be written to."""
    rig = DeliveryRig()
    rig.consent(GRANTED)
    return rig
