"""`parley dead-letters`: records that a stage could not apply."""

from typing import Annotated, Any

import typer

from services.admin.dead_letter_replay import replayed
from services.admin.dead_letters import Letter, find_letter, read_letters
from services.admin.instance import open_instance
from services.admin.intake_writing import write_intake_record
from services.admin.output import AsJson, print_object, print_objects
from services.contracts.instants import rfc3339
from services.runtime.clock import wall_clock_ms

app = typer.Typer(help="Records that a stage could not apply.", no_args_is_help=True)

LetterId = Annotated[str, typer.Argument(metavar="ID", help="Id of the letter, one of `dead-letters list`.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what was set aside, the oldest first."""
    instance = open_instance()
    letters = read_letters(instance.connection, instance.topic_prefix)
    print_objects(
        (_summary(each) for each in letters),
        as_json,
        ("id", "recorded_at", "stage", "kind", "reason", "message_id", "error"),
        "Nothing was set aside.",
    )


@app.command()
def show(letter: LetterId, as_json: AsJson = False) -> None:
    """Show one letter with its headers and what can be read of its value, content included."""
    instance = open_instance()
    found = find_letter(instance.connection, instance.topic_prefix, letter)
    answer = dict(_summary(found))
    answer["key"] = found.record.key.decode(errors="replace")
    answer["headers"] = {each.name: each.value.decode(errors="replace") for each in found.record.headers}
    answer["value"] = found.decoded()
    answer["value_hex"] = found.record.value.hex()
    print_object(answer, as_json)


@app.command()
def replay(letter: LetterId, as_json: AsJson = False) -> None:
    """Let a letter enter again through intake, as a new record with a new message id.

    A message that was set aside has failed, and its business knows; so it is sent as another one. Only what
    came with its content can be sent again: a request, or its content.
    """
    instance = open_instance()
    found = find_letter(instance.connection, instance.topic_prefix, letter)
    now_ms = wall_clock_ms()
    record = replayed(found, instance.platform_key, now_ms)
    write_intake_record(instance.connection, instance.topic_prefix, record, now_ms)
    answer = {"id": found.id, "replays": found.record.message_id, "message_id": record.message_id}
    print_object(answer, as_json)


def _summary(letter: Letter) -> dict[str, Any]:
    record = letter.record
    return {
        "id": letter.id,
        "recorded_at": rfc3339(record.recorded_at_ms),
        "stage": record.stage,
        "kind": record.kind or None,
        "reason": record.reason,
        "message_id": record.message_id or None,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "error": record.error,
    }
