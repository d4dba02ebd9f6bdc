"""Which fault strikes whom, when and for how long: decided by a seed before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

BROKERS = ("kafka-1", "kafka-2", "kafka-3")
STAGES = ("consent", "session-window", "rate-and-bill", "delivery")
GROWING = (*STAGES, "webhooks")
"""Services whose number of members changes."""
MEMBERS = (
    *(f"{service}-{ordinal}" for service in (*GROWING, "ingress") for ordinal in range(2)),
    "channel-handset-0",
)
FIRST_SECONDS = 2.0
GAP_SECONDS = 4.0
"""Between two strikes, on average."""
REST_SECONDS = 3.0
"""A target that was struck is left alone for so long after."""


class Kind(Enum):
    """What is done to a target. The text is how it is reported."""

    KILL = "kill -9 a service"
    LOSE = "kill -9 a service, and keep it away past the session time-out"
    KILL_ALL = "kill -9 all members of a service"
    STOP = "SIGSTOP a service past the session time-out"
    PAUSE = "SIGSTOP a service for a moment"
    LEAVE = "a member leaves"
    JOIN = "a member joins"
    KILL_BROKER = "kill -9 a broker"
    LOSE_BROKER = "kill -9 a broker, and keep it away"
    STOP_BROKER = "SIGSTOP a broker past its session time-out"
    KILL_BROKERS = "kill -9 all brokers"
    ISOLATE = "cut all connections to a broker, of brokers too"
    CUT = "cut clients' connections to a broker"
    HOLD_UP = "hold up clients' connections to a broker"
    SLOW_DOWN = "delay clients' connections to a broker"
    ROLL = "restart everything, one after another"


@dataclass(frozen=True, slots=True)
class Way:
    """How a kind strikes: whom, for how long (least and most seconds), and how often among the others."""

    targets: Sequence[str]
    seconds: tuple[float, float]
    weight: int


WAYS = {
    Kind.KILL: Way(MEMBERS, (0, 0), 8),
    Kind.LOSE: Way(MEMBERS, (8, 15), 3),
    Kind.KILL_ALL: Way((*GROWING, "ingress"), (0, 0), 2),
    Kind.STOP: Way(MEMBERS, (7, 12), 5),
    Kind.PAUSE: Way(MEMBERS, (0.5, 4), 3),
    Kind.LEAVE: Way([f"{service}-1" for service in GROWING], (10, 25), 2),
    Kind.JOIN: Way([f"{service}-2" for service in GROWING], (10, 25), 2),
    Kind.KILL_BROKER: Way(BROKERS, (0, 0), 3),
    Kind.LOSE_BROKER: Way(BROKERS, (8, 15), 2),
    Kind.STOP_BROKER: Way(BROKERS, (7, 12), 2),
    Kind.KILL_BROKERS: Way(("kafka",), (0, 0), 1),
    Kind.ISOLATE: Way(BROKERS, (7, 12), 2),
    Kind.CUT: Way(BROKERS, (1, 6), 3),
    Kind.HOLD_UP: Way(BROKERS, (2, 12), 3),
    Kind.SLOW_DOWN: Way(BROKERS, (5, 12), 3),
}
ROLL_EVERY_SECONDS = 200.0
"""Everything is restarted this often, beginning at once."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault."""

    at_seconds: float
    """From the beginning of the chaos."""
    kind: Kind
    target: str
    """A member, a service, a broker, or all."""
    seconds: float
    """After which it is undone; 0 for what needs no undoing."""


def schedule(seed: int, seconds: float) -> list[Strike]:
    """All strikes of a run, in order; each kind once before any comes again, as far as time allows."""
    rng = Random(seed)  # noqa: S311 - no secret
    strikes = [
        Strike(at, Kind.ROLL, "everything", 0)
        for at in (ROLL_EVERY_SECONDS * turn for turn in range(int(seconds // ROLL_EVERY_SECONDS) + 1))
    ]
    busy_until: dict[str, float] = {}
    first_round = rng.sample(list(WAYS), len(WAYS))
    at = FIRST_SECONDS
    while at < seconds:
        kind = first_round.pop() if first_round else _any_kind(rng)
        way = WAYS[kind]
        free = [target for target in way.targets if busy_until.get(target, 0) <= at]
        if free:
            target, lasting = rng.choice(free), rng.uniform(*way.seconds)
            strikes.append(Strike(at, kind, target, lasting))
            busy_until[target] = at + lasting + REST_SECONDS
        at += min(rng.expovariate(1 / GAP_SECONDS), 3 * GAP_SECONDS)
    return sorted(strikes, key=lambda strike: strike.at_seconds)


def _any_kind(rng: Random) -> Kind:
    (kind,) = rng.choices(list(WAYS), [way.weight for way in WAYS.values()])
    return kind
