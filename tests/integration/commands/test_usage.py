"""Exit status and help."""

import pytest

from tests.integration.commands.rig import CUSTOMER, Operator

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("account", "show", "1"), 1),
        (("consent", "opt-in", "1", CUSTOMER), 1),
        (("consent", "opt-in", "1", "nobody"), 2),
        (("account", "colour"), 2),
        (("acount",), 2),
        (("handset", "token"), 2),
    ],
)
def test_refused_and_wrong_usage_differ(operator: Operator, words: tuple[str, ...], status: int) -> None:
    answer = operator.parley(*words)
    assert (answer.status, answer.out) == (status, "")
    assert (len(answer.sentence.splitlines()) == 1) == (status == 1)


def test_every_group_explains_itself(operator: Operator) -> None:
    answer = operator.parley("--help", as_json=False)
    assert answer.status == 0
    for group in ("account", "consent", "ledger", "topics", "dead-letters", "platform-key"):
        assert f"\n  {group} " in answer.out
