"""One process of a stage: the real loop on the model, which can die, stall and come back."""

from contextlib import AbstractContextManager, nullcontext

from prometheus_client import CollectorRegistry

from services.runtime.batch import BatchLimits
from services.runtime.dead_letters import DeadLetters
from services.runtime.log import Fenced, LogError, LogUnavailable, OutcomeUnknown
from services.runtime.metrics import StageMetrics
from services.runtime.points import Point
from services.runtime.stage_exit import StageMustExit
from services.runtime.store import Store
from tests.simulation.disks import Disk
from tests.simulation.kafka_model.trouble import NoTrouble
from tests.simulation.strikes import Strikes
from tests.simulation.topology import TOPICS
from tests.simulation.world import World

MENDED_BY_A_RESTART = (OutcomeUnknown, Fenced, LogUnavailable)
BATCH_RECORDS = (1, 2, 5, 2_000)


class Crashed(BaseException):
    """The process was killed. Nothing in the loop may catch it."""


class StageProcess:
    """Runs from its making until it has died or is closed."""

    def __init__(
        self,
        world: World,
        stage: str,
        ordinal: int,
        disk: Disk,
        strikes: Strikes,
        trouble: NoTrouble,
        clock_skew_ms: int,
    ) -> None:
        self.stage = stage
        self.ordinal = ordinal
        self.name = f"{stage}-{ordinal}"
        self.disk = disk
        self.alive = True
        self.stalled = False
        self.clock_skew_ms = clock_skew_ms
        self._world = world
        self._strikes = strikes
        parts, cluster = world.parts, world.cluster
        made = parts.stages[stage]()
        self.log = parts.log(
            cluster, stage, ordinal, TOPICS[made.input.name], TOPICS[made.changelog.name], trouble
        )
        self.runner = parts.runner(
            made,
            self.log,
            self._open_store,
            self._clock,
            DeadLetters(stage, made.input, self._clock),
            _NO_METRICS,
            limits=BatchLimits(records=world.random.choice(BATCH_RECORDS)),
            place=parts.place_of(stage),
            observe=self._observe,
            pause=self._pause,
        )

    def start(self) -> None:
        """Join the group; a process that cannot has died."""
        try:
            self.runner.start()
        except LogError as error:
            self._die(f"cannot start: {error}")

    def turn(self) -> int:
        """Let the loop turn once; says how many records it committed. It may die, or stall for a while."""
        try:
            done = self.runner.turn(0)
        except Crashed as crash:
            self._die(str(crash))
        except StageMustExit as end:
            self._world.exits[self.name] += 1
            if not isinstance(end.__cause__, MENDED_BY_A_RESTART):
                self._world.needs_a_person.append(f"{self.name}: {end}")
            self._die(f"exits: {end}")
        else:
            for why in self.runner.stopped_because:
                if (stands := f"{self.stage}: {why}") not in self._world.needs_a_person:
                    self._world.needs_a_person.append(stands)
            return done
        return 0

    def close(self) -> None:
        """Stop as on SIGTERM."""
        try:
            self.runner.close()
        except (Crashed, StageMustExit) as end:
            self._die(str(end))
        self._world.trace.note(self.name, "stops")
        self._end()

    def _die(self, why: str) -> None:
        self._world.trace.note(self.name, "dies: {}", why)
        self._end()

    def _end(self) -> None:
        self.alive = False
        if self.log.member is not None:
            self.log.member.silent = True

    def _observe(self, point: Point) -> None:
        strike = self._strikes.at(point)
        if strike is None:
            return
        if strike.kills:
            raise Crashed(f"killed at {point.name}")
        self._stall(point)

    def _stall(self, point: Point) -> None:
        """Stopped past the session time-out, like by SIGSTOP, while the others go on; then woken."""
        if self.stalled or self.log.member is None:
            return
        self._world.trace.note(self.name, "stalls at {}", point.name)
        self.stalled = self.log.member.silent = True
        self._world.meanwhile(self)
        self.stalled = self.log.member.silent = False
        self._world.trace.note(self.name, "goes on at {}", point.name)

    def _open_store(self, partition: int) -> Store:
        return self._world.parts.store(self.disk.open(partition))

    def _clock(self) -> int:
        return self._world.cluster.now_ms + self.clock_skew_ms

    def _pause(self, seconds: float) -> None:
        self._world.cluster.advance(int(seconds * 1_000))


class _Uncounted:
    """Any metric, of which nothing is kept."""

    def labels(self, *_: object) -> "_Uncounted":
        return self

    def time(self) -> AbstractContextManager[None]:
        return nullcontext()

    def inc(self, _: float = 1) -> None:
        pass

    set = observe = remove = inc


class _NoMetrics(StageMetrics):
    """The metrics of a process that nobody watches: to count takes a third of a run."""

    def __init__(self) -> None:
        uncounted = _Uncounted()
        for name in vars(StageMetrics("nobody", CollectorRegistry())):
            setattr(self, name, uncounted)


_NO_METRICS = _NoMetrics()
