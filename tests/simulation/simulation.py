"""One run: a platform under its users and its faults, until it is drained and at rest."""

from collections import Counter
from collections.abc import Callable

from tests.simulation.actors.businesses import Businesses
from tests.simulation.actors.channel import Channel
from tests.simulation.actors.devices import Devices
from tests.simulation.actors.ingress import Ingress
from tests.simulation.actors.operator import Operator
from tests.simulation.deployment import Deployment
from tests.simulation.parts import REAL, Parts
from tests.simulation.scenario import CUSTOMERS, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, first_settings
from tests.simulation.stage_process import StageProcess
from tests.simulation.strikes import Strikes
from tests.simulation.world import NEVER, World

MESSAGES_MIN = 20
CONVERSATIONS_MIN = 3
FAULTS_MIN = 3
EVENTS = (45, 60)
EVENTS_MAX = 400
STRIKES = (3, 8)
STALLED_EVENTS = 4
SKEWS_MS = (-3_000, -400, 0, 700, 4_500)
TURNS = (2, 10)
REST_ROUNDS_MAX = 400
QUIET_ROUNDS = 13
"""Rounds of a second each: by then sessions and transactions of the dead are over, and every partition is
somebody's."""
OUTAGE_MAX_MS = 2 * DAY_MS
"""Topics keep records for a week: whoever has been away for longer has lost some."""
GONE_BY_MS = 41 * DAY_MS
"""After so long every window has closed and every message, notice and mark is forgotten."""


class NeverAtRest(Exception):
    """The platform does not come to rest: something is tried again and again."""


class Simulation:
    """Made from a seed; ``run`` once."""

    def __init__(self, seed: int, parts: Parts = REAL) -> None:
        self.seed = seed
        self.world = World(seed, parts)
        random = self.world.random
        self.strikes = Strikes(random, random.randint(*STRIKES))
        self.ingresses = [
            Ingress(self.world, f"ingress-{ordinal}", random.choice(SKEWS_MS)) for ordinal in range(2)
        ]
        worker = Ingress(self.world, "handset", random.choice(SKEWS_MS))
        self.channel = Channel(self.world, worker.clock_skew_ms)
        self.businesses = Businesses(self.world, self.ingresses)
        self.devices = Devices(self.world, self.channel, worker)
        self.operator = Operator(self.world)
        self.operator.write(first_settings())
        self.deployment = Deployment(self.world, self.strikes)
        self.world.meanwhile = self._go_on_without
        self._events: list[tuple[Callable[[], object], float]] = [
            (self.businesses.send, 30),
            (self.devices.write, 18),
            (lambda: self.devices.write(random.choice(("STOP", "start", "Stop "))), 6),
            (self.devices.block, 5),
            (self.devices.come_or_go, 14),
            (lambda: self.operator.record_consent(self.ingresses[0]), 5),
            (self._read_something, 4),
            (self.operator.change_something, 3),
            (self._jump, 3),
            (self.devices.acknowledge_rubbish, 2),
            (self.businesses.send_too_much, 0.3),
            (self.businesses.send_what_nobody_can_read, 0.7),
            (self.businesses.run_ahead, 0.7),
            (self._restart_channel, 1),
            (self.deployment.restart_one, 1),
            (self.deployment.scale, 1.5),
            (self.deployment.copy_disks, 3),
            (self._compact, 2),
            (self._forget_offsets, 0.7),
        ]
        self._choices = [event for event, _ in self._events]
        self._weights = [weight for _, weight in self._events]

    @property
    def messages(self) -> int:
        """Requests that ingress took."""
        return sum(len(ingress.asked) for ingress in self.ingresses)

    @property
    def faults(self) -> Counter[str]:
        """Faults injected so far by kind, strikes at the loop included."""
        struck = self.strikes.struck
        return self.world.faults + Counter(f"{each.how} at {each.point.name}" for each in struck)

    def run(self) -> None:
        """Play until enough has happened, then drain. Raises NeverAtRest."""
        self.devices.begin()
        wanted = self.world.random.randint(*EVENTS)
        for count in range(EVENTS_MAX):
            if count >= wanted and self._enough:
                break
            self._play()
        self._drain()

    @property
    def _enough(self) -> bool:
        return (
            self.messages >= MESSAGES_MIN
            and len(self.businesses.conversations) >= CONVERSATIONS_MIN
            and self.faults.total() >= FAULTS_MIN
        )

    def _play(self, pace: int = 1) -> None:
        """One event of the outside world, some turns of the processes, and some time."""
        random = self.world.random
        random.choices(self._choices, self._weights)[0]()
        for _ in range(random.randint(*TURNS)):
            self.deployment.turn_any()
        self.channel.step()
        while random.random() < 0.5 and self.world.cluster.coordinator.tell_one():
            pass
        self.world.advance(random.choice((1, 20, 300, 3_000)) * pace)

    def _go_on_without(self, stalled: StageProcess) -> None:
        """The world while a process is stopped, until its session and its transaction are over."""
        for _ in range(STALLED_EVENTS):
            self._play()
        if self.world.random.random() < 0.3:
            self.deployment.replace_stalled(stalled)
        self.world.advance(7 * SECOND_MS)
        for process in self.deployment.processes:
            if process.alive and not process.stalled:
                self.deployment.turn(process)

    def _jump(self) -> None:
        """Nothing happens for a while."""
        jump_ms = self.world.random.choices((MINUTE_MS, 2 * HOUR_MS, 25 * HOUR_MS, 8 * DAY_MS), (4, 4, 2, 1))[
            0
        ]
        if jump_ms > OUTAGE_MAX_MS:
            if self.deployment.anybody_stalls:
                return
            self._catch_up(QUIET_ROUNDS)
        self.world.trace.note("time", "passes: {:g} hours", jump_ms / HOUR_MS)
        until_ms = self.world.cluster.now_ms + jump_ms
        if jump_ms > OUTAGE_MAX_MS:
            while self.world.next_due_ms <= until_ms:
                self.world.advance_to_next()
                self._catch_up(quiet_rounds=1)
        self.world.advance(max(0, until_ms - self.world.cluster.now_ms))

    def _read_something(self) -> None:
        if self.devices.written:
            self.businesses.read(self.world.random.choice(self.devices.written))

    def _restart_channel(self) -> None:
        self.world.faults["channel restart"] += 1
        self.world.trace.note("channel", "restarts")
        self.channel.restart()

    def _compact(self) -> None:
        """The brokers clean a compacted topic, or not quite all of it."""
        cluster, random = self.world.cluster, self.world.random
        name = random.choice(sorted(name for name, topic in cluster.topics.items() if topic.compacted))
        for partition in range(cluster.topics[name].partitions):
            log = cluster.partition(name, partition)
            log.compact(random.randint(0, log.end), cluster.now_ms, DAY_MS)

    def _forget_offsets(self) -> None:
        """The group's offset of some partition is gone."""
        cluster, random = self.world.cluster, self.world.random
        group = cluster.groups[random.choice(sorted(cluster.groups))]
        if group.offsets:
            self.world.faults["offset lost"] += 1
            partition = random.choice(sorted(group.offsets))
            del group.offsets[partition]
            self.world.trace.note("broker", "forgets the offset of partition {} of a group", partition)

    def _drain(self) -> None:
        """No more faults; some customers come, or all; what waits is done; time passes beyond everything."""
        random = self.world.random
        self.world.trace.note("time", "no more faults")
        self.deployment.calm_down()
        self.channel.reliable = self.devices.prompt = True
        self.channel.clock_skew_ms = 0
        self._rest()
        self.devices.all_come(random.sample(CUSTOMERS, random.choice((2, len(CUSTOMERS)))))
        self._rest()
        self.world.advance(GONE_BY_MS)
        self._rest()

    def _rest(self) -> None:
        """Let everybody work until nobody has anything to do, nor will have. Raises NeverAtRest."""
        self._catch_up(QUIET_ROUNDS)
        while self.world.next_due_ms < NEVER:
            while self.world.next_due_ms < NEVER:
                self.world.advance_to_next()
                self._catch_up(quiet_rounds=1)
            self._catch_up(QUIET_ROUNDS)

    def _catch_up(self, quiet_rounds: int) -> None:
        """Let everybody work until nobody has done anything for some rounds. Raises NeverAtRest."""
        cluster, quiet = self.world.cluster, 0
        for _ in range(REST_ROUNDS_MAX):
            appended = cluster.appended
            self._work()
            quiet = 0 if cluster.appended != appended else quiet + 1
            if quiet == quiet_rounds:
                return
        raise NeverAtRest(f"exits: {dict(self.world.exits)}")

    def _work(self) -> None:
        """A second in which everybody takes what is there."""
        for process in self.deployment.processes:
            while process.alive and not process.stalled and self.deployment.turn(process):
                pass
        while self.world.cluster.coordinator.tell_one():
            pass
        self.channel.step()
        self.world.advance(1_100)
