"""Benches that several unit tests share."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.ingress_bench import Bench, ingress_bench


@pytest.fixture
async def ingress() -> AsyncIterator[Bench]:
    """A replica of ingress without Kafka."""
    async with ingress_bench() as served:
        yield served
