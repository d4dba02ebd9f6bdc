"""A rolling restart: who is restarted, when members come and go meanwhile."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.admin.supervisor.rotating_log import RotatingLog
from services.admin.supervisor.service_process import ServiceProcess
from tests.chaos.kept import Kept
from tests.chaos.rolling import roll_service

FIRST, SECOND = "sleeper-0", "sleeper-1"
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 5.0
SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


class Sleepers:
    """Two members whose command sleeps. Something may happen once the first is back."""

    def __init__(self, directory: Path, then: Callable[["Sleepers"], None]) -> None:
        self._directory = directory
        self._then = then
        self._logs: list[RotatingLog] = []
        self.members: dict[str, Kept] = {}

    def join(self, name: str) -> None:
        log = RotatingLog(self._directory / f"{name}.log")
        self._logs.append(log)
        process = ServiceProcess(name, SLEEP, {}, self._directory, log)
        self.members[name] = Kept(name, process)
        self.members[name].start()
        assert self.members[name].wait_until_it_runs(START_SECONDS_MAX)

    def leave(self, name: str) -> None:
        self.members.pop(name).stop(STOP_SECONDS_MAX)

    def end(self) -> None:
        for name in list(self.members):
            self.leave(name)
        for log in self._logs:
            log.close()

    def wait_until_ready(self, *names: str, seconds_max: float) -> None:
        assert self.members[names[0]].wait_until_it_runs(seconds_max)
        if names == (FIRST,):
            self._then(self)


@contextmanager
def _sleepers(directory: Path, then: Callable[[Sleepers], None]) -> Iterator[Sleepers]:
    sleepers = Sleepers(directory, then)
    try:
        for name in (FIRST, SECOND):
            sleepers.join(name)
        yield sleepers
    finally:
        sleepers.end()


def _nothing(_: Sleepers) -> None:
    pass


def _leaves(sleepers: Sleepers) -> None:
    sleepers.leave(SECOND)


def _leaves_and_comes_back(sleepers: Sleepers) -> None:
    sleepers.leave(SECOND)
    sleepers.join(SECOND)


@pytest.mark.parametrize(
    ("then", "starts"),
    [
        (_nothing, {FIRST: 2, SECOND: 2}),
        (_leaves, {FIRST: 2}),
        (_leaves_and_comes_back, {FIRST: 2, SECOND: 1}),
    ],
)
def test_all_that_stay_are_restarted(
    tmp_path: Path, then: Callable[[Sleepers], None], starts: dict[str, int]
) -> None:
    said: list[str] = []
    with _sleepers(tmp_path, then) as sleepers:
        assert asyncio.run(roll_service(sleepers, [FIRST, SECOND], said.append))
        assert {name: member.starts for name, member in sleepers.members.items()} == starts
    assert said == []
