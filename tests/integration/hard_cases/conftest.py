"""The world that each case gets."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from uuid import uuid4

import pytest

from services.contracts.catalogue import topic
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.stage import Stage
from tests.integration.hard_cases.rig.tally import Tally, keys
from tests.integration.hard_cases.rig.world import World

ROOT = Path(__file__).parents[3]
PRELOADED = ["tests.integration.hard_cases.rig.child"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need the broker."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def context() -> ForkServerContext:
    """Forks children from a server that has imported everything: a process each, in a few milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "services/contracts")]))
        forkserver.ensure_running()
    return context


MakeWorld = Callable[..., World]
"""``make_world(stage, *names)``: topics of a stage that also writes the topics of these names."""


def _worlds(kafka: KafkaConnection, context: ForkServerContext, directory: Path) -> Iterator[MakeWorld]:
    with ExitStack() as worlds:

        def make(stage: type[Stage] = Tally, *names: str, connection: KafkaConnection = kafka) -> World:
            own = directory / uuid4().hex[:6]
            own.mkdir()
            others = [topic(name) for name in names or ("windows",)]
            return worlds.enter_context(closing(World(connection, context, own, stage, others)))

        yield make


@pytest.fixture
def make_world(kafka: KafkaConnection, context: ForkServerContext, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes worlds; what runs in them at the end of the test is ended."""
    yield from _worlds(kafka, context, tmp_path)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """The counting stage's."""
    return make_world()


@pytest.fixture(scope="module")
def settled(
    kafka: KafkaConnection, context: ForkServerContext, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The counting stage's, shared by a module: all input is done, nothing runs. Each test leaves it so."""
    for make in _worlds(kafka, context, tmp_path_factory.mktemp("settled")):
        world = make()
        world.write([*keys(0, 10), *keys(1, 10)] * 2)
        world.settle()
        yield world
