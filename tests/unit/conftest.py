"""What several unit tests share: a replica of ingress, and the event loops to run it on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from tests.unit.ingress.rig import Rig, ingress_rig

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Ingress is tested on both loops, since it runs on uvloop, whose transports differ in small ways."""
    loops: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop}
    if item.path.parent.name == "ingress" and item.path.stem in {"test_http", "test_overload"}:
        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture
async def ingress() -> AsyncIterator[Rig]:
    """A replica of ingress without Kafka."""
    async with ingress_rig() as served:
        yield served
