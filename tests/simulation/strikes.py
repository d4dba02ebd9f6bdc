"""Where the loop of a process is struck: at which point, at which visit to it, and how."""

from collections import Counter
from random import Random
from typing import NamedTuple

from services.runtime.points import Point

RARE = frozenset(
    {
        Point.ABORTED,
        Point.SET_ASIDE,
        Point.TICKED,
        Point.ASSIGNED,
        Point.RESTORED,
        Point.REVOKED,
        Point.LOST,
    }
)
"""Points that a run visits a few times only."""
RARE_VISITS_MAX = 6
VISITS_MAX = 120


class Strike(NamedTuple):
    """One blow."""

    point: Point
    kills: bool
    """Killed with -9; else stopped for longer than its session lasts."""

    @property
    def how(self) -> str:
        """For the reader."""
        return "killed" if self.kills else "stalled"


class Strikes:
    """The blows of one run, planned by its seed, for all processes together."""

    def __init__(self, random: Random, count: int) -> None:
        self._planned: dict[Point, list[tuple[int, Strike]]] = {}
        self._visits: Counter[Point] = Counter()
        self.struck: list[Strike] = []
        self.active = True
        points = list(Point)
        for _ in range(count):
            point = random.choice(points)
            visit = random.randint(1, RARE_VISITS_MAX if point in RARE else VISITS_MAX)
            strike = Strike(point, kills=random.random() < 0.7)
            self._planned.setdefault(point, []).append((visit, strike))

    def at(self, point: Point) -> Strike | None:
        """Called at each point of each loop: the strike that is due, if any."""
        planned = self._planned.get(point)
        if planned is None or not self.active:
            return None
        self._visits[point] += 1
        for visit, strike in planned:
            if visit == self._visits[point]:
                self.struck.append(strike)
                return strike
        return None
