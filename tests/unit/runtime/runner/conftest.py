"""What the runner's tests share."""

import pytest

from tests.unit.runtime.runner.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()
