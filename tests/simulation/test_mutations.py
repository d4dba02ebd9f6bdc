"""Each fault that is put in on purpose is found, within the number of seeds that its table states."""

import pytest

from tests.simulation.mutations.table import MUTATIONS, Mutation
from tests.simulation.run import run
from tests.simulation.told import told


def test_a_failure_is_told_with_what_happened_and_how_to_see_it_again() -> None:
    forgotten = next(mutation for mutation in MUTATIONS if mutation.name == "a void forgotten")
    outcome = next(
        outcome for seed in range(1, forgotten.seeds) if (outcome := run(seed, forgotten.parts)).violations
    )
    lines = told(outcome).splitlines()
    assert lines[0] == f"seed {outcome.simulation.seed} fails:"
    assert any("message_undelivered by delivery-" in line for line in lines)
    assert any("rate-and-bill-0" in line and "starts" in line for line in lines)
    assert lines[-1] == f"to replay it: make sim SEED={outcome.simulation.seed} RUNS=1"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_is_found(mutation: Mutation) -> None:
    seeds = range(1, mutation.seeds + 1)
    assert any(run(seed, mutation.parts).violations for seed in seeds), f"not in {mutation.seeds} seeds"
