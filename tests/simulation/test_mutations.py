"""Each fault that is put in on purpose is found, within the number of seeds that its table states."""

import pytest

from tests.simulation.mutations.table import MUTATIONS, Mutation
from tests.simulation.run import run


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_is_found(mutation: Mutation) -> None:
    seeds = range(1, mutation.seeds + 1)
    assert any(run(seed, mutation.parts).violations for seed in seeds), f"not in {mutation.seeds} seeds"
