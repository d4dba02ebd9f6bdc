"""One running platform for all tests that need no other; the tests of `make up` end it."""

from collections.abc import Iterator

import pytest

from tests.e2e.place import Place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("up"))


@pytest.fixture(scope="session")
def said(place: Place) -> Iterator[str]:
    up = place.supervisor("up", "--accounts", "2", "--number-rate", "1000", "--pair-burst", "1000")
    assert up.returncode == 0, up.stderr
    yield up.stdout
    place.supervisor("down")
