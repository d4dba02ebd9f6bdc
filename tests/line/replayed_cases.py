"""One thing wrong in a real run that only the replay can show: no rule of the verifier speaks of it."""

from collections.abc import Mapping
from typing import Any

from tests.line.doctoring import Case, Doctored, Run, edited, moved


def content_edited_in_inbox(run: Run) -> Doctored:
    line = next(run.lines("inbox", "message_received"))

    def other_words(message: Any) -> None:
        message.message_received.content = b'{"type":"text","text":{"body":"I agree"}}'

    return edited(run, line, other_words, line.found(7))


def end_of_a_window_edited(run: Run) -> Doctored:
    line = next(run.lines("windows", "closed"))

    def later(message: Any) -> None:
        message.closes_at_ms += 1

    return edited(run, line, later, line.found(7))


def refusal_in_other_words(run: Run) -> Doctored:
    line = next(run.lines("statuses", "failed"))

    def other_details(message: Any) -> None:
        message.failed.refusal.details = "Try again."

    return edited(run, line, other_details, line.found(7))


def window_told_in_another_order(run: Run) -> Doctored:
    """A window is said to have closed before it is said to close soon."""
    soon, closed = next(
        (line, run.after(line))
        for line in run.lines("windows", "closing_soon")
        if run.follows(line, same_key=True) and run.after(line).kind == "closed"
    )
    return moved(run, closed, soon, soon.found(7))


CASES: Mapping[str, Case] = {
    case.__name__: case
    for case in (
        content_edited_in_inbox,
        end_of_a_window_edited,
        refusal_in_other_words,
        window_told_in_another_order,
    )
}
