"""The platform's processes: started, killed, replaced, scaled, and started again by a supervisor."""

from tests.simulation.disks import Disk
from tests.simulation.kafka_model.trouble import CommitFate, NoTrouble
from tests.simulation.parts import STAGES
from tests.simulation.stage_process import StageProcess
from tests.simulation.strikes import Strikes
from tests.simulation.world import World

ORDINALS = 2
RESTARTED_AFTER_MS = (200, 2_000, 12_000)
CLOCK_SKEWS_MS = (-2_000, 0, 0, 0, 1_500, 7_000)


class Trouble(NoTrouble):
    """Now and then something goes wrong between a process and the brokers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.random
        self.active = True

    def of_commit(self) -> CommitFate:
        if not self.active or self._random.random() > 0.008:
            return CommitFate.ANSWERED
        self._world.faults["commit unknown"] += 1
        return self._random.choice((CommitFate.REQUEST_LOST, CommitFate.ANSWER_LOST))

    def fails(self) -> bool:
        if not self.active or self._random.random() > 0.01:
            return False
        self._world.faults["transaction failed"] += 1
        return True

    def shakes(self) -> bool:
        if not self.active or self._random.random() > 0.02:
            return False
        self._world.faults["connection broke"] += 1
        return True

    def times_appended(self) -> int:
        if not self.active or self._random.random() > 0.2:
            return 1
        self._world.faults["tick lost or doubled"] += 1
        return self._random.choice((0, 2))


class Deployment:
    """All stage processes. Each has the place of one ordinal, whoever fills it."""

    def __init__(self, world: World, strikes: Strikes) -> None:
        self._world = world
        self._strikes = strikes
        self.trouble = Trouble(world)
        self._places: dict[tuple[str, int], StageProcess] = {}
        self.calm = False
        """No faults any more."""
        for stage in STAGES:
            for ordinal in range(ORDINALS):
                self._start(stage, ordinal, Disk())

    @property
    def processes(self) -> list[StageProcess]:
        """Those that run now, the stalled left out."""
        return [each for each in self._places.values() if each.alive and not each.stalled]

    @property
    def anybody_stalls(self) -> bool:
        """Whether some process is stopped at this moment."""
        return any(each.stalled for each in self._places.values())

    def turn(self, process: StageProcess) -> int:
        """Let a process do one turn; if it dies of it, the supervisor will see to it."""
        done = process.turn()
        if not process.alive:
            self._supervise(process)
        return done

    def turn_any(self) -> None:
        """Let one of the processes that run do one turn, if there is any."""
        if processes := self.processes:
            self.turn(self._world.random.choice(processes))

    def replace_stalled(self, stalled: StageProcess) -> None:
        """Start another process in the place of one that does not move, on another machine."""
        self._world.faults["replaced while stalled"] += 1
        self._start(stalled.stage, stalled.ordinal, Disk())

    def restart_one(self) -> None:
        """A rolling restart's step: stop a process as asked, and start it again."""
        if processes := self.processes:
            process = self._world.random.choice(processes)
            self._world.faults["restart"] += 1
            process.close()
            self._supervise(process)

    def scale(self) -> None:
        """One more process of some stage, or one less."""
        stage = self._world.random.choice(list(STAGES))
        extra = self._places.get((stage, ORDINALS))
        if extra is None or not extra.alive:
            self._world.faults["member joins"] += 1
            self._start(stage, ORDINALS, Disk() if extra is None else extra.disk)
        elif not extra.stalled:
            self._world.faults["member leaves"] += 1
            extra.close()

    def copy_disks(self) -> None:
        """Remember the local state of every machine as it is now."""
        for process in self._places.values():
            process.disk.take_copies()

    def calm_down(self) -> None:
        """No faults from now on, true clocks, and every ordinal is served."""
        self.calm = True
        self.trouble.active = self._strikes.active = False
        for (stage, ordinal), process in list(self._places.items()):
            process.clock_skew_ms = 0
            if not process.alive and ordinal < ORDINALS:
                self._start(stage, ordinal, process.disk)

    def _supervise(self, dead: StageProcess) -> None:
        """Start a dead process again after a while, unless it has been replaced or scaled away."""
        place = (dead.stage, dead.ordinal)
        delay_ms = self._world.random.choice(RESTARTED_AFTER_MS)

        def start() -> None:
            if self._places[place] is dead and dead.ordinal < ORDINALS:
                if not self.calm:
                    self._spoil(dead.disk)
                self._start(dead.stage, dead.ordinal, dead.disk)

        if self._places[place] is dead:
            self._world.later(delay_ms, start)

    def _spoil(self, disk: Disk) -> None:
        random = self._world.random
        roll = random.random()
        if roll < 0.2 and (lost := disk.lose_one(random)) is not None:
            self._world.faults["store lost"] += 1
            self._world.trace.note("disk", "loses the store of partition {}", lost)
        elif roll < 0.5 and (stale := disk.put_back_one(random)) is not None:
            self._world.faults["store stale"] += 1
            self._world.trace.note("disk", "has an old store of partition {}", stale)

    def _start(self, stage: str, ordinal: int, disk: Disk) -> None:
        skew_ms = 0 if self.calm else self._world.random.choice(CLOCK_SKEWS_MS)
        process = StageProcess(self._world, stage, ordinal, disk, self._strikes, self.trouble, skew_ms)
        self._places[stage, ordinal] = process
        self._world.trace.note(process.name, "starts")
        process.start()
        if not process.alive:
            self._supervise(process)
