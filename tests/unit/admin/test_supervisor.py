"""How a supervisor paces restarts, bounds logs, and knows of another."""

import os
import queue
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from services.admin.supervisor.addresses import Addresses
from services.admin.supervisor.instance_file import InstanceFile
from services.admin.supervisor.keeper import FAILURES_TO_COMPLAIN, Keeper, Pace
from services.admin.supervisor.rotating_log import RotatingLog
from services.admin.supervisor.run_directory import RunDirectory, write_private
from services.admin.supervisor.unit import Ended

DEADLINE_SECONDS = 10
KILLED = Ended("signal SIGKILL", by_signal=True)
FAILED = Ended("exit status 78: PARLEY_COLOUR is not set", by_signal=False)


class Scripted:
    """A unit that ends as the script says, and then runs until it is told to stop."""

    name = "scripted"

    def __init__(self, *ends: Ended) -> None:
        self._ends: Iterator[Ended] = iter(ends)
        self._told = threading.Event()
        self.settled = threading.Event()

    def run(self, started: Callable[[int], None]) -> Ended:
        started(1)
        end = next(self._ends, None)
        if end is not None:
            return end
        self.settled.set()
        self._told.wait(DEADLINE_SECONDS)
        return KILLED

    def stop(self) -> None:
        self._told.set()

    kill = stop


def starts_of(unit: Scripted) -> tuple[int, str | None]:
    """How often the unit was started until it ran, and the keeper's complaint by then."""
    starts: queue.SimpleQueue[int] = queue.SimpleQueue()
    keeper = Keeper(unit, lambda _, pid: starts.put(pid), Pace(first_seconds=0.0001, settled_seconds=60))
    keeper.start()
    assert unit.settled.wait(DEADLINE_SECONDS)
    complaint = keeper.complaint
    keeper.stop(DEADLINE_SECONDS)
    return starts.qsize(), complaint


def test_what_was_ended_from_outside_is_started_again_without_complaint() -> None:
    assert starts_of(Scripted(*[KILLED] * 5)) == (6, None)


def test_what_fails_again_and_again_is_complained_of() -> None:
    assert starts_of(Scripted(*[FAILED] * FAILURES_TO_COMPLAIN)) == (FAILURES_TO_COMPLAIN + 1, FAILED.reason)


def test_an_end_from_outside_forgets_failures() -> None:
    assert starts_of(Scripted(FAILED, FAILED, KILLED, FAILED, FAILED)) == (6, None)


def test_pauses_grow_and_stay_below_two_seconds() -> None:
    delays = [Pace().delay_seconds(failures) for failures in range(1_000)]
    assert delays == sorted(delays)
    assert delays[1] == 2 * delays[0]
    assert delays[-1] == Pace().most_seconds < 2


def test_a_full_log_is_turned_over_once(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "a.log", bytes_max=10)
    for line in (b"first\n", b"second\n", b"third\n"):
        log.write(line)
    log.close()
    assert (tmp_path / "a.log").read_bytes() == b"third\n"
    assert (tmp_path / "a.log.1").read_bytes() == b"second\n"


def test_a_log_goes_on_where_it_was(tmp_path: Path) -> None:
    for line in (b"before\n", b"after\n"):
        log = RotatingLog(tmp_path / "a.log")
        log.write(line)
        log.close()
    assert (tmp_path / "a.log").read_bytes() == b"before\nafter\n"


def test_one_supervisor_knows_of_another(tmp_path: Path) -> None:
    first, second = RunDirectory(tmp_path), RunDirectory(tmp_path)
    assert second.supervisor_pid() is None
    assert first.lock()
    assert not second.lock()
    assert second.supervisor_pid() == os.getpid()


def test_a_private_file_is_private_even_where_it_was_not(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_instance_file_is_there_from_ready_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "parley.json"
    file = InstanceFile(path)
    file.started("kafka", 1)
    assert not path.exists()
    file.publish({"ingress_url": "http://127.0.0.1:8080", "accounts": []})
    file.accounts([{"webhook_url": "http://127.0.0.1:9/hook"}])
    file.started("kafka", 2)
    assert '"kafka": 2' in path.read_text()
    assert "http://127.0.0.1:9/hook" in path.read_text(), "a restart brings no old accounts back"
    file.remove()
    file.accounts([])
    file.started("kafka", 3)
    assert not path.exists()


def test_no_port_is_given_twice() -> None:
    addresses = Addresses()
    given = [addresses.port(20_001) for _ in range(5)]
    assert len(set(given)) == len(given)
