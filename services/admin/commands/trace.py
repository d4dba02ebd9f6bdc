"""`parley trace`: a message's way through the topics."""

from typing import Annotated

import typer

from services.admin.errors import Refused
from services.admin.instance import open_instance
from services.admin.output import AsJson, print_objects
from services.admin.tracing import trace as steps_of
from services.contracts.instants import rfc3339
from services.identity.message_id import UnknownMessageId

MessageId = Annotated[str, typer.Argument(metavar="WAMID", help="The message's id.")]


def trace(wamid: MessageId, as_json: AsJson = False) -> None:
    """Show every record that names a message: where it lies, when it happened, after how long.

    A record has the time of its cause, so steps that a stage took at once have the same.
    """
    try:
        steps = steps_of(open_instance(), wamid)
    except UnknownMessageId:
        raise Refused(f"{wamid} was not made by this platform.") from None
    if not steps:
        raise Refused(f"No topic keeps a record of {wamid} any more.")
    print_objects(
        (
            {
                "at": rfc3339(step.at_ms),
                "after_ms": step.at_ms - steps[0].at_ms,
                "topic": step.topic,
                "partition": step.partition,
                "offset": step.offset,
                "kind": step.kind,
                "traceparent": step.traceparent or None,
            }
            for step in steps
        ),
        as_json,
        ("at", "after_ms", "topic", "partition", "offset", "kind", "traceparent"),
        "",
    )
