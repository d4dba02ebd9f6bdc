"""`parley trace`: a message's way through the topics."""

from typing import Annotated

import typer

from services.admin.errors import Refused
from services.admin.instance import open_instance
from services.admin.output import AsJson, print_objects
from services.admin.progress_bar import progress_bar
from services.admin.since import BadSince, since_ms
from services.contracts.instants import rfc3339
from services.identity.message_id import UnknownMessageId
from services.runtime.clock import wall_clock_ms

MessageId = Annotated[str, typer.Argument(metavar="WAMID", help="The message's id.")]
Since = Annotated[
    str,
    typer.Option(
        metavar="TIME",
        help="Look from this time or age on (90m), instead of searching for when the message was accepted.",
    ),
]


def trace(wamid: MessageId, since: Since = "", as_json: AsJson = False) -> None:
    """Show every record that names a message: where it lies, when it was written, after how long.

    A record's own time (`at`) is that of its cause, so all that a stage wrote about one record has the same.
    `written_at` is when it could be read: for what a stage wrote the broker's time of the transaction's end,
    else the writer's.
    """
    from services.admin.tracing import trace as steps_of  # noqa: PLC0415 - brings an event loop along

    now_ms = wall_clock_ms()
    try:
        from_ms = since_ms(since, now_ms) if since else None
    except BadSince as error:
        raise typer.BadParameter(f"{error}.", param_hint="--since") from None
    try:
        with progress_bar("reading") as advance:
            steps = steps_of(open_instance(), wamid, now_ms, from_ms, advance)
    except UnknownMessageId:
        raise Refused(f"{wamid} was not made by this platform.") from None
    if not steps:
        raise Refused(f"No topic keeps a record of {wamid} {'from then on' if since else 'any more'}.")
    print_objects(
        (
            {
                "at": rfc3339(step.at_ms),
                "written_at": rfc3339(step.written_at_ms),
                "after_ms": step.written_at_ms - steps[0].written_at_ms,
                "topic": step.topic,
                "partition": step.partition,
                "offset": step.offset,
                "kind": step.kind,
                "traceparent": step.traceparent or None,
            }
            for step in steps
        ),
        as_json,
        ("written_at", "after_ms", "at", "topic", "partition", "offset", "kind", "traceparent"),
        "",
    )
