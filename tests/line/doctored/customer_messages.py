"""4. Free if and only if plan and evidence say so: the messages that make the windows."""

from typing import Any

from tests.line.doctored.choosing import first
from tests.line.doctoring import (
    Case,
    Doctored,
    Line,
    Run,
    all_of,
    appended,
    chained_again,
    changed,
    dropped,
    edited,
    moved,
    written_again,
)

DAY_MS = 24 * 3_600_000


def customer_message_dropped_from_screened(run: Run) -> Doctored:
    line = _last_word(run)
    return dropped(run, line, run.about("intake", line.message_id, "customer_message_received").found(4))


def customer_message_invented_in_screened(run: Run) -> Doctored:
    line = _last_word(run)

    def another(message: Any) -> None:
        message.customer_message_screened.message_id = "wamid.invented"

    return appended(run, line, another, 4)


def request_behind_what_the_customer_wrote_later(run: Run) -> Doctored:
    """In screened the customer wrote before the request, as usage and the ledger have it; in intake after."""
    request, message, assessed = _request_and_message_after(run)
    free = run.about("ledger", request.message_id, "free")
    wrote = message.event

    def newer(window: Any) -> None:
        window.last_message_id = wrote.message_id
        window.last_message_at_ms = wrote.sent_at_ms
        window.closes_at_ms = wrote.sent_at_ms + DAY_MS

    def in_usage(event: Any) -> None:
        newer(event.send_assessed.window)

    def in_ledger(entry: Any) -> None:
        old = entry.window.last_message_id
        newer(entry.window)
        ids = [wrote.message_id, entry.window.opened_by, *(each for each in entry.evidence if each != old)]
        del entry.evidence[:]
        entry.evidence.extend(dict.fromkeys(ids))

    records = run.partition_of(free)
    records[run.index(free)] = changed(free.record, in_ledger)
    return all_of(
        moved(run, message, request, run.moved(request, 4, by=1)),
        edited(run, assessed, in_usage),
        written_again(run, chained_again(records)),
    )


def _request_and_message_after(run: Run) -> tuple[Line, Line, Line]:
    """A free request in screened, the customer's next message behind it in its window, and its fact."""
    for request in run.lines("screened", "send_screened"):
        if not run.has("ledger", request.message_id, "free") or not run.follows(request, same_key=True):
            continue
        message, assessed = run.after(request), run.about("usage", request.message_id, "send_assessed")
        window = assessed.event.window
        if (
            message.kind == "customer_message_screened"
            and message.event.phone_number_id == request.event.facts.phone_number_id
            and window.last_message_at_ms < message.event.sent_at_ms < window.closes_at_ms
        ):
            return request, message, assessed
    raise LookupError("in this run nobody writes after a free reply")


def window_missing_in_windows(run: Run) -> Doctored:
    line = first(
        run, "windows", "opened", "extended", where=lambda line: not run.follows(line, same_key=True)
    )
    wrote = run.about("screened", line.event.last_message_id, "customer_message_screened")
    return dropped(run, line, wrote.found(4))


def window_opened_by_another_message(run: Run) -> Doctored:
    line = first(run, "windows", "extended")

    def other_opener(message: Any) -> None:
        message.opened_by = message.last_message_id

    return edited(run, line, other_opener, line.found(4))


def _last_word(run: Run) -> Line:
    """A customer's message after which nothing of the conversation is screened, with others after it."""
    for line in run.lines("screened", "customer_message_screened"):
        records = run.partition_of(line)[run.index(line) + 1 :]
        if records and all(each.key != line.record.key for each in records) and _passed(run, line):
            return line
    raise LookupError("in this run every customer's message is answered")


def _passed(run: Run, line: Line) -> bool:
    """Whether intake has something later in the partition that was certainly judged."""
    return any(
        each.record.partition == line.record.partition and each.record.timestamp_ms > line.record.timestamp_ms
        for each in run.lines("screened", "send_screened")
    )


CASES: tuple[Case, ...] = (
    customer_message_dropped_from_screened,
    customer_message_invented_in_screened,
    request_behind_what_the_customer_wrote_later,
    window_missing_in_windows,
    window_opened_by_another_message,
)
