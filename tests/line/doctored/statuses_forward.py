"""6. Statuses only move forward."""

from typing import Any

from tests.line.doctored.choosing import ended, first
from tests.line.doctoring import Case, Doctored, Run, appended, doubled, misplaced, moved


def status_doubled(run: Run) -> Doctored:
    line = first(run, "statuses", "delivered", where=ended(run, "captured"))
    return doubled(run, line, 6)


def statuses_reordered(run: Run) -> Doctored:
    line = first(run, "statuses", "sent", where=ended(run, "captured"))
    accepted = run.about("statuses", line.message_id, "accepted")
    # The first of the two is now `sent`; what follows it is where it went back.
    return moved(run, line, accepted, run.moved(accepted, 6, by=1))


def status_after_the_end(run: Run) -> Doctored:
    line = first(run, "statuses", "failed")

    def sent(message: Any) -> None:
        message.sent.SetInParent()

    return appended(run, line, sent, 6)


def read_without_a_receipt(run: Run) -> Doctored:
    line = first(
        run, "statuses", "delivered", where=lambda line: not run.has("statuses", line.message_id, "read")
    )

    def read(message: Any) -> None:
        message.read.SetInParent()

    return appended(run, line, read, 6)


def status_in_another_partition(run: Run) -> Doctored:
    refused = first(run, "dispatch", "send_refused", where=lambda line: line.event.HasField("facts"))
    return misplaced(run, run.about("statuses", refused.message_id, "failed"), 6)


CASES: tuple[Case, ...] = (
    status_doubled,
    statuses_reordered,
    status_after_the_end,
    read_without_a_receipt,
    status_in_another_partition,
)
