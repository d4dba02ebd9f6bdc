"""Which line of a run a case is about."""

from collections.abc import Callable

from tests.line.doctoring import Line, Run


def first(run: Run, name: str, *kinds: str, where: Callable[[Line], bool] = lambda _: True) -> Line:
    """The first such line of a topic. Raises ``StopIteration`` when there is none."""
    return next(line for line in run.lines(name, *kinds) if where(line))


def ended(run: Run, kind: str) -> Callable[[Line], bool]:
    """Whether the ledger closed the message by an entry of this kind."""
    return lambda line: run.has("ledger", line.message_id, kind)


def last_of_its_key(run: Run, name: str, *kinds: str) -> Line:
    """A line of a topic after which its partition has nothing of the same key."""
    return first(run, name, *kinds, where=lambda line: not run.follows(line, same_key=True))
