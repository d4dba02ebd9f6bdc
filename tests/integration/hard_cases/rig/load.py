"""A steady load on a world, beside what the test does."""

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.integration.hard_cases.rig.world import World

EVERY_SECONDS = 0.02


class Load:
    """Writes one message to each of some conversations again and again while it is entered."""

    def __init__(self, world: World, keys: Sequence[bytes]) -> None:
        self._world = world
        self._keys = keys
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")

    def _run(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self._world.write(self._keys)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
