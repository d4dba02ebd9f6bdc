"""A stage as a process: what each stage's ``__main__`` calls."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated

import structlog
from google.protobuf.internal import api_implementation
from pydantic import Field

from services.contracts.catalogue import Topic, topic
from services.runtime import dead_letters
from services.runtime.clock import Clock, wall_clock_ms
from services.runtime.dead_letters import DeadLetters
from services.runtime.health import Health, HealthServer, HealthThread, StateAnswer
from services.runtime.kafka_connection import KafkaConnection, KafkaSettingsInvalid, read_kafka_connection
from services.runtime.kafka_log import KafkaLog
from services.runtime.kafka_reachable import KafkaRefused
from services.runtime.kafka_settings import ClientChoices, Compression, GroupProtocol, StageIdentity
from services.runtime.kafka_startup import TopicMissing, require_topics
from services.runtime.log import Log, LogUnavailable
from services.runtime.logs import configure_logs
from services.runtime.metrics import StageMetrics
from services.runtime.owners import Owners
from services.runtime.points import Observe, observe_nothing
from services.runtime.rocks_store import RocksStore
from services.runtime.runner import StageRunner
from services.runtime.service_settings import ServiceSettings, load, refuse
from services.runtime.stage import Stage
from services.runtime.stage_exit import StageMustExit
from services.runtime.state_view import StateView

EXIT_FAILED = 1
UNAVAILABLE = 503
GARBAGE_OBJECTS = 50_000
"""New objects between two looks for garbage; the default is 700."""
TURN_SECONDS = 0.1
"""Longest wait for a record; so long may a stop take to be seen."""

MakeLog = Callable[[KafkaConnection, StageIdentity, Topic, Topic, ClientChoices], Log]
"""Given the input and the changelog; the product passes KafkaLog."""

log = structlog.get_logger()


class StageSettings(ServiceSettings):
    """What a stage can be told."""

    group_protocol: GroupProtocol = "classic"
    compression: Compression = "none"
    dead_letters_per_minute: Annotated[int, Field(ge=1, le=100_000)] = dead_letters.PER_MINUTE_DEFAULT
    """More records that cannot be applied stop the stage."""


def run_stage(
    make_stage: Callable[[], Stage],
    observe: Observe = observe_nothing,
    *,
    clock: Clock = wall_clock_ms,
    make_log: MakeLog = KafkaLog,
) -> None:
    """Run a stage on Kafka until SIGTERM; exits the process on what it cannot mend.

    Services name their stage and nothing else; the rest is for tests.

    Exit status: 0 after SIGTERM or SIGINT; 78 for a bad setting; 1 for what a person must look at (a missing
    topic, state that disagrees with the group's offset, too many dead letters) or a restart mends (fenced,
    outcome of a commit unknown). In each case one line on stderr says why. A record that cannot be gone past
    stops its partition only: /readyz says 503 and which one.
    """
    if api_implementation.Type() != "upb":
        _fail(f"protobuf runs on {api_implementation.Type()}, which is too slow: install a wheel with upb")
    settings = load(StageSettings)
    try:
        connection = read_kafka_connection()
    except KafkaSettingsInvalid as error:
        refuse(str(error))
    stage = make_stage()
    _collect_garbage_seldom()
    configure_logs(stage.name, settings.log_level)
    signal.signal(signal.SIGTERM, _exit_now)
    signal.signal(signal.SIGINT, _exit_now)
    try:
        _StageProcess(stage, settings, connection, observe, clock, make_log).run()
    except (StageMustExit, TopicMissing, KafkaRefused) as reason:
        _fail(f"{stage.name}: {reason}")


class _StageProcess:
    def __init__(
        self,
        stage: Stage,
        settings: StageSettings,
        connection: KafkaConnection,
        observe: Observe,
        clock: Clock,
        make_log: MakeLog,
    ) -> None:
        self._stage = stage
        self._settings = settings
        self._connection = connection
        self._observe = observe
        self._clock = clock
        self._make_log = make_log
        self._health = Health()
        self._view: StateView | None = None
        self._stopping = False

    def run(self) -> None:
        settings = self._settings
        server = HealthServer(settings.health_host, settings.health_port, self._health, self._read_state)
        health = HealthThread(server)
        try:
            health.start()
        except OSError as error:
            raise StageMustExit(
                f"PARLEY_HEALTH_PORT {settings.health_port} cannot be used: {error.strerror or error}"
            ) from error
        try:
            self._wait_for_kafka()
            self._work(f"{settings.health_host}:{health.port}")
        finally:
            health.stop()

    def _work(self, health_address: str) -> None:
        stage, settings = self._stage, self._settings
        identity = StageIdentity(stage.name, settings.ordinal, settings.topic_prefix, health_address)
        choices = ClientChoices(settings.group_protocol, settings.compression)
        kafka = self._make_log(self._connection, identity, stage.input, stage.changelog, choices)
        state_dir = settings.data_dir / stage.name
        runner = StageRunner(
            stage,
            kafka,
            lambda number: RocksStore(state_dir / f"partition-{number}"),
            self._clock,
            DeadLetters(stage.name, stage.input, self._clock, settings.dead_letters_per_minute),
            StageMetrics(stage.name),
            observe=self._observe,
        )
        self._view = StateView(stage.input, runner.partitions, Owners(self._connection, identity))
        self._join(runner)
        self._loop(runner, kafka)

    def _read_state(self, key: bytes) -> StateAnswer:
        if self._view is None:
            return StateAnswer(UNAVAILABLE, {"error": "starting"})
        return self._view(key)

    def _wait_for_kafka(self) -> None:
        self._health.not_ready("no broker answers")
        needed = [self._stage.input, self._stage.changelog, topic("dead-letters"), topic("dispatch")]
        asyncio.run(require_topics(self._connection, self._settings.topic_prefix, needed))

    def _join(self, runner: StageRunner) -> None:
        self._health.not_ready("joining the group")
        while True:
            try:
                runner.start()
            except LogUnavailable as error:
                log.warning("waiting for Kafka", reason=str(error))
            else:
                return

    def _loop(self, runner: StageRunner, kafka: Log) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            runner.turn(TURN_SECONDS)
            if not kafka.reachable():
                self._health.not_ready("no broker answers")
            elif runner.stopped_because:
                self._health.not_ready("; ".join(runner.stopped_because))
            elif runner.joined:
                self._health.ready()
        self._health.not_ready("stopping")
        runner.close()
        log.info("stopped")

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._stopping = True


def _collect_garbage_seldom() -> None:
    """A batch makes tens of thousands of tuples that all die with it, and hardly a cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 100)


def _exit_now(_: int, __: FrameType | None) -> None:
    raise SystemExit(0)


def _fail(sentence: str) -> None:
    sys.stderr.write(" ".join(sentence.split()) + "\n")
    raise SystemExit(EXIT_FAILED)
