"""What the verifier says is taken as strictly as a platform at rest allows."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.verified import judge

Lines = list[dict[str, Any]]


def well() -> Lines:
    rows: Lines = [
        {"invariant": number, "says": "", "checked": 9, "unchecked": 0, "violations": 0}
        for number in range(1, 8)
    ]
    return [{"topic": "intake", "records": 9}, *rows, {"open": 0, "under_way": 0, "violations": 0}]


def leave_one_open(lines: Lines) -> None:
    lines[-1]["open"] = 1


def leave_two_under_way(lines: Lines) -> None:
    lines[-1]["under_way"] = 2


def stop_a_replay_early(lines: Lines) -> None:
    lines[7]["unchecked"] = 3


def check_no_ledger(lines: Lines) -> None:
    lines[5]["checked"] = 0


def skip_the_replay(lines: Lines) -> None:
    del lines[7]


def name_a_violation(lines: Lines) -> None:
    where = {"topic": "ledger", "partition": 2, "offset": 7}
    lines.insert(8, {"invariant": 5, **where, "subject": "b", "sentence": "The chain is torn."})


def test_all_is_well() -> None:
    assert not list(judge(well()))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (leave_one_open, "1 messages are open, though all is drained"),
        (leave_two_under_way, "2 messages are under way, though all is drained"),
        (stop_a_replay_early, "invariant 7: 3 could not be checked"),
        (check_no_ledger, "invariant 5: nothing was checked"),
        (skip_the_replay, "invariant 7: nothing was checked"),
        (name_a_violation, "ledger/2 offset 7: b: The chain is torn."),
    ],
)
def test_what_may_not_be_is_named(spoil: Callable[[Lines], None], sentence: str) -> None:
    lines = well()
    spoil(lines)
    assert list(judge(lines)) == [sentence]
