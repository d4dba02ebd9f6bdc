"""Which fault strikes whom, when and for how long: decided by a seed before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

BROKERS = ("kafka-1", "kafka-2", "kafka-3")
ALL_BROKERS = "kafka"
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
    Kind.KILL_BROKERS: Way((ALL_BROKERS,), (0, 0), 1),
    Kind.ISOLATE: Way(BROKERS, (7, 12), 2),
    Kind.CUT: Way(BROKERS, (1, 6), 3),
    Kind.HOLD_UP: Way(BROKERS, (2, 12), 3),
    Kind.SLOW_DOWN: Way(BROKERS, (5, 12), 3),
}
BROKER_KINDS = frozenset(
    {Kind.KILL_BROKER, Kind.LOSE_BROKER, Kind.STOP_BROKER, Kind.KILL_BROKERS, Kind.ISOLATE}
)
"""One at a time: with two brokers out of three away, nothing at all would happen."""
SHORT_SECONDS = 75.0
"""Each kind comes in a run of this length."""
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
    """All strikes of a run, in order, each undone by the run's end.

    Each kind comes once before any comes again; :data:`SHORT_SECONDS` are enough for all of them.
    """
    rng = Random(seed)  # noqa: S311 - no secret
    strikes = [
        Strike(at, Kind.ROLL, "everything", 0)
        for at in (ROLL_EVERY_SECONDS * turn for turn in range(int(seconds // ROLL_EVERY_SECONDS) + 1))
    ]
    # What lasts longest comes first, so that all of it fits into a short run.
    wanted = sorted(rng.sample(list(WAYS), len(WAYS)), key=lambda kind: -WAYS[kind].seconds[0])
    busy = _Busy()
    at = FIRST_SECONDS
    while at < seconds:
        strike = _next(rng, wanted or _any_kinds(rng), busy, at, seconds - at)
        if strike is not None:
            strikes.append(strike)
            if strike.kind in wanted:
                wanted.remove(strike.kind)
        at += rng.uniform(0.8, 1.2) * GAP_SECONDS
    return sorted(strikes, key=lambda strike: strike.at_seconds)


class _Busy:
    """Who is struck, and rests from it."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def free(self, kind: Kind, at: float) -> list[str]:
        """Whom a kind may strike now."""
        if kind in BROKER_KINDS and self._until.get(ALL_BROKERS, 0) > at:
            return []
        return [target for target in WAYS[kind].targets if self._until.get(target, 0) <= at]

    def note(self, strike: Strike) -> None:
        """A strike is planned."""
        until = strike.at_seconds + strike.seconds + REST_SECONDS
        self._until[strike.target] = until
        if strike.kind in BROKER_KINDS:
            self._until[ALL_BROKERS] = until


def _next(rng: Random, kinds: Sequence[Kind], busy: _Busy, at: float, left: float) -> Strike | None:
    """The first of these kinds that finds a target and is over in time."""
    for kind in kinds:
        shortest, longest = WAYS[kind].seconds
        free = busy.free(kind, at)
        if free and shortest <= left:
            strike = Strike(at, kind, rng.choice(free), rng.uniform(shortest, min(longest, left)))
            busy.note(strike)
            return strike
    return None


def _any_kinds(rng: Random) -> Sequence[Kind]:
    return rng.choices(list(WAYS), [way.weight for way in WAYS.values()])
