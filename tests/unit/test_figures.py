"""The file of figures says of one commit and machine what was measured, and of no other."""

import json
from pathlib import Path

import pytest

from tests.bench.figures import Figure, write

EARLIER, NEW = Figure("a/earlier", 1, "per s"), Figure("a/new", 2, "per s")


def names(file: Path) -> list[str]:
    return [result["name"] for result in json.loads(file.read_text())["results"]]


def test_parts_that_are_measured_one_after_the_other_come_together(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    write([EARLIER], file)
    write([NEW], file)
    assert names(file) == ["a/earlier", "a/new"]


@pytest.mark.parametrize("what", ["commit", "machine"])
def test_what_was_measured_elsewhere_is_not_kept(tmp_path: Path, what: str) -> None:
    file = tmp_path / "bench.json"
    write([EARLIER], file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {what: "another"}))
    write([NEW], file)
    assert names(file) == ["a/new"]
