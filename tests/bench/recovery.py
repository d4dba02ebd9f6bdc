"""How long a stage is gone: restarted by its supervisor, taken over by another, or given its state anew.

A million conversations are in session-window's state. Requests go through it all the time, and what counts
is the longest that one of them took: every figure of a recovery is such a delay.
"""

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from rich.console import Console

from deploy.kafka import EmbeddedKafka, NodeSettings
from parley.consent.v1 import screened_pb2
from services.contracts.headers import headers_for
from services.contracts.keys import conversation_key
from services.contracts.placement import partition_of
from services.runtime.clock import wall_clock_ms
from services.runtime.group_members import group_members
from services.session_window.stage import SessionWindowStage
from tests.bench import figures
from tests.bench.broker import Broker
from tests.bench.figures import Figure
from tests.bench.probes import BUSINESS, PER_SECOND, PHONE_NUMBER, SCREENED, Probes, user_ref
from tests.bench.recovering import PARTITIONS, Member
from tests.bench.rolling import rolling

KEYS = 1_000_000
WAIT_SECONDS_MAX, POLL_SECONDS, ANSWER_SECONDS = 300.0, 0.05, 10.0
FLUSH_RECORDS = 50_000
"""Below what librdkafka's queue holds."""
KILLS = 3
SETTLED = PER_SECOND * 3
"""Requests that come out before and after a kill, so that nothing of it is left."""
STAGE = SessionWindowStage.name
BROKER_DEFAULTS = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000",
    "group.initial.rebalance.delay.ms": "3000",
    "group.consumer.session.timeout.ms": "45000",
    "group.consumer.heartbeat.interval.ms": "5000",
}
CLIENT_DEFAULTS = (45_000, 60_000)
"""session.timeout.ms and transaction.timeout.ms as Kafka's clients have them."""


@dataclass(frozen=True)
class Way:
    """How members know of each other."""

    name: str
    protocol: str
    timeouts: tuple[int, ...] = ()

    @property
    def environment(self) -> Mapping[str, str]:
        """Of a member."""
        return {**os.environ, "PARLEY_GROUP_PROTOCOL": self.protocol}


CLASSIC = Way("classic", "classic")
KIP_848 = Way("KIP-848", "consumer")
DEFAULTS = Way("defaults", "classic", CLIENT_DEFAULTS)


async def recovery(console: Console, keys: int = KEYS) -> list[Figure]:
    """All figures named ``restore/…`` and ``recovery/…``; about ten minutes."""
    return [*await asyncio.to_thread(_recovery, console, keys), *await rolling(console)]


def _recovery(console: Console, keys: int) -> list[Figure]:
    with TemporaryDirectory(prefix="parley-recovery-") as directory:
        keepers_log = (Path(directory) / "keepers.log").open("a")
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(keepers_log))
        bench = _Bench(Path(directory), console, keys)
        with bench.running({}):
            bench.fill()
            measured = bench.restores()
            restarts = {way: bench.restart(way) for way in (CLASSIC, KIP_848)}
            takeovers = {way: bench.takeover(way) for way in (CLASSIC, KIP_848)}
        with bench.running(BROKER_DEFAULTS):
            takeovers[DEFAULTS] = bench.takeover(DEFAULTS)
    details = {"keys": keys, "lost": 0, "again": 0}
    return [
        *measured,
        Figure("recovery/restart", restarts[CLASSIC], "s", details=details | _others(restarts)),
        Figure("recovery/takeover", takeovers[CLASSIC], "s", details=details | _others(takeovers)),
    ]


def _others(delays: Mapping[Way, float]) -> dict[str, float]:
    return {f"{way.name} s": round(delay, 2) for way, delay in delays.items() if way is not CLASSIC}


class _Bench:
    """A broker that can be started again with other settings, and the state of the members."""

    def __init__(self, directory: Path, console: Console, keys: int) -> None:
        self._directory = directory
        self._console = console
        self._keys = keys

    @contextmanager
    def running(self, broker_settings: Mapping[str, str]) -> Iterator[None]:
        """The broker, with these settings besides its own."""
        with EmbeddedKafka(self._directory / "kafka", NodeSettings(extra=broker_settings)) as kafka:
            self._broker = Broker(kafka.connection(), "recovery.")
            settings = {**kafka.connection().librdkafka(), "log_level": 0}
            self._asker = Consumer({**settings, "group.id": self._broker.prefix + STAGE})
            yield
            self._asker.close()

    def fill(self) -> None:
        """Every customer writes once, and the stage takes it in."""
        now_ms = wall_clock_ms()
        producer = Producer({**self._broker.connection.librdkafka(), "linger.ms": 20, "log_level": 0})
        headers = headers_for(_customer_message(0, now_ms), "customer_message_screened")
        for number in range(self._keys):
            key = conversation_key(BUSINESS, user_ref(number))
            producer.produce(
                self._broker.prefix + SCREENED.name,
                _customer_message(number, now_ms).SerializeToString(),
                key,
                partition_of(SCREENED, key),
                timestamp=now_ms,
                headers=[*headers],
            )
            if not number % FLUSH_RECORDS:
                producer.flush()
        producer.flush()
        member = self._member(CLASSIC, 0)
        end = self._broker.end(SCREENED)
        _wait(lambda: self._committed() == end, "the stage to take everything in")
        self._stop(member)

    def restores(self) -> list[Figure]:
        """From the local store, and from the changelog: seconds for a million keys."""
        made = []
        for name in ("local", "changelog"):
            if name == "changelog":
                self._forget(0)
            member = self._member(CLASSIC, 0)
            took, until_ready = member.restore_seconds(), member.restored_at() - member.started_at
            self._stop(member)
            details = {"keys": self._keys, "from start to ready": round(until_ready, 2)}
            made.append(
                Figure(
                    f"restore/{name}", took * 1_000_000 / self._keys, "s per million keys", details=details
                )
            )
        return made

    def restart(self, way: Way) -> float:
        """Kill the only member; its keeper starts it again. The longest delay of a request, in seconds."""
        member = self._member(way, 0)
        member.restored_at()
        with self._probes() as probes:
            for _ in range(KILLS):
                probes.wait_for_some(SETTLED)
                member.kill()
                probes.wait_for_some(SETTLED)
        self._stop(member)
        return self._longest(f"restart, {way.name}", probes)

    def takeover(self, way: Way) -> float:
        """One of two members dies for good, with a transaction open. The longest delay, in seconds.

        The other one has never had those partitions.
        """
        gone, stays = self._member(way, 0), None
        try:
            gone.restored_at()
            self._forget(1)
            stays = self._member(way, 1)
            stays.restored_at(PARTITIONS // 2)
            with self._probes() as probes:
                probes.wait_for_some(SETTLED)
                gone.vanish()
                stays.restored_at(PARTITIONS)
                probes.wait_for_some(SETTLED)
        finally:
            self._stop(*([gone] if stays is None else [gone, stays]))
        return self._longest(f"takeover, {way.name}", probes)

    def _longest(self, what: str, probes: Probes) -> float:
        longest = probes.delays_seconds[-1]
        again = f", {probes.again} came out twice" if probes.again else ""
        self._console.print(f"{what}: {longest:.2f} s, none lost{again}", highlight=False)
        if probes.again:
            raise RuntimeError(f"{what}: {probes.again} requests came out twice")
        return longest

    def _probes(self) -> Probes:
        return Probes(self._broker.connection, self._broker.prefix, self._keys)

    def _member(self, way: Way, ordinal: int) -> Member:
        return Member(self._broker, self._directory, ordinal, way.environment, way.timeouts)

    def _stop(self, *members: Member) -> None:
        """End them, and wait until the group has forgotten them: static members never say goodbye."""
        for member in members:
            member.stop()
        _wait(lambda: not self._members(), "the group to be empty")

    def _members(self) -> int:
        group = self._broker.prefix + STAGE
        return len(group_members(self._broker.admin, group, ANSWER_SECONDS).partitions)

    def _committed(self) -> int:
        """Sum of the group's offsets; 0 while the coordinator is not there yet."""
        places = [TopicPartition(self._broker.prefix + SCREENED.name, each) for each in range(PARTITIONS)]
        try:
            return sum(max(0, place.offset) for place in self._asker.committed(places, ANSWER_SECONDS))
        except KafkaException as failure:
            if failure.args[0].retriable():
                return 0
            raise

    def _forget(self, ordinal: int) -> None:
        """Take a member's local stores away."""
        shutil.rmtree(self._directory / f"member-{ordinal}" / STAGE, ignore_errors=True)


def _wait(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {WAIT_SECONDS_MAX:g} s for {what}")
        time.sleep(POLL_SECONDS)


def _customer_message(number: int, now_ms: int) -> screened_pb2.ScreenedEvent:
    message = screened_pb2.CustomerMessageScreened(
        message_id=f"wamid.{number:086d}",
        business_id=BUSINESS,
        account_id="102290129340398",
        phone_number_id=PHONE_NUMBER,
        user_ref=user_ref(number),
        sent_at_ms=now_ms - 1_000,
    )
    return screened_pb2.ScreenedEvent(customer_message_screened=message)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=KEYS)
    terminal = Console()
    figures.show(asyncio.run(recovery(terminal, parser.parse_args().keys)), terminal)
