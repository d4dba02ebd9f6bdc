"""One seed: a run and all that is checked after it."""

from itertools import islice
from typing import NamedTuple

from tests.simulation.checks import at_rest, invariants, replay
from tests.simulation.parts import REAL, Parts
from tests.simulation.simulation import NeverAtRest, Simulation

VIOLATIONS_MAX = 20


class Outcome(NamedTuple):
    """What came of a run."""

    simulation: Simulation
    violations: list[str]
    """Empty when everything holds."""


def run(seed: int, parts: Parts = REAL) -> Outcome:
    """Play a seed on these parts, then check. The same seed on the same code does the same."""
    simulation = Simulation(seed, parts)
    try:
        simulation.run()
    except NeverAtRest as unrest:
        return Outcome(simulation, [f"the platform does not come to rest: {unrest}"])
    cluster = simulation.world.cluster
    found = list(islice(at_rest.violations(simulation), VIOLATIONS_MAX))
    found += islice(invariants.violations(cluster), VIOLATIONS_MAX)
    found += islice(replay.violations(cluster, parts), VIOLATIONS_MAX)
    return Outcome(simulation, found)
