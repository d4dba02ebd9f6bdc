"""A platform for the commands to work on: topics, a plan and an account."""

from typing import Any

import pytest

from services.runtime.kafka_connection import KafkaConnection
from tests.integration.commands.rig import PLAN, Operator


@pytest.fixture(scope="package")
def operator(kafka: KafkaConnection, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    operator = Operator(kafka, tmp_path_factory.mktemp("operator"))
    created = operator.parley("topics", "create").objects
    assert all(each["created"] for each in created)
    assert operator.parley("plan", "publish", str(PLAN)).status == 0
    return operator


@pytest.fixture(scope="package")
def account(operator: Operator) -> dict[str, Any]:
    return operator.parley("account", "create", "--name", "Air Example").object
