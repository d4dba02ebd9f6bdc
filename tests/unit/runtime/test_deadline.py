"""`Deadline`: a call that does not come back ends the process, one that does is let be."""

import threading
import time

from services.runtime.deadline import LOOK_SECONDS, Deadline


def test_a_call_that_does_not_come_back_is_over() -> None:
    said: list[str] = []
    over = threading.Event()

    def when_over(sentence: str) -> None:
        said.append(sentence)
        over.set()

    with Deadline(0.01, when_over)("sending"):
        assert over.wait(10)
    assert said == ["sending did not come back within 0.01 s"]


def test_a_call_that_comes_back_is_let_be() -> None:
    said: list[str] = []
    deadline = Deadline(10 * LOOK_SECONDS, said.append)
    ends = time.monotonic() + 12 * LOOK_SECONDS
    while time.monotonic() < ends:
        with deadline("sending"):
            pass
    assert said == []
