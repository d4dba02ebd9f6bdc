"""`parley window`: the free window of each number and customer."""

from typing import Any

import typer

from parley.settings.v1 import settings_pb2
from parley.window.v1 import window_row_pb2
from services.admin.arguments import AccountId, Number
from services.admin.instance import open_instance
from services.admin.lookups import account_of, numbers_of
from services.admin.output import AsJson, print_objects
from services.admin.settings_snapshot import read_settings
from services.admin.stage_state import state_of
from services.contracts.instants import rfc3339
from services.contracts.keys import conversation_key
from services.identity.references import user_ref
from services.runtime.clock import wall_clock_ms
from services.session_window.rules import CLOSING_SOON_MS, closes_at_ms, is_open

SECOND_MS = 1_000

app = typer.Typer(help="The customer service window of each number and customer.", no_args_is_help=True)


@app.callback()
def window() -> None:
    """Keep `show` a command of its own, though it is the only one."""


@app.command()
def show(account: AccountId, number: Number, as_json: AsJson = False) -> None:
    """Show whether a reply to a customer is inside the window now, for each number of the account."""
    instance = open_instance()
    settings = read_settings(instance.connection, instance.topic_prefix)
    known = account_of(settings, account)
    conversation = conversation_key(known.business_id, user_ref(instance.platform_key, number))
    windows = []
    for each in numbers_of(settings, account):
        key = conversation + b"/" + each.phone_number_id.encode()
        row = state_of(instance.metrics_urls, "session-window", key, window_row_pb2.WindowRow)
        windows.append(window_object(each, row, known.closing_soon_seconds * SECOND_MS, wall_clock_ms()))
    print_objects(
        windows,
        as_json,
        ("display_phone_number", "state", "opened_at", "closes_at", "opened_by"),
        "The account has no number: `parley number add` gives it one.",
    )


def window_object(
    number: settings_pb2.PhoneNumber,
    row: window_row_pb2.WindowRow | None,
    closing_soon_ms: int,
    now_ms: int,
) -> dict[str, Any]:
    """A number's window towards a customer at ``now_ms``; without a row the customer never wrote to it.

    It closes soon once the stage has said so in `windows`, or is about to: at the time noted in the row, or
    later where ``closing_soon_ms`` has become shorter since.
    """
    last_ms = row.last_message_at_ms if row else 0
    closes_ms = closes_at_ms(last_ms)
    state = "closed"
    if row is not None and is_open(last_ms, now_ms):
        told = row.reported == window_row_pb2.REPORTED_CLOSING_SOON
        tells_at_ms = max(row.wake_at_ms, closes_ms - (closing_soon_ms or CLOSING_SOON_MS))
        state = "closing_soon" if told or now_ms >= tells_at_ms else "open"
    return {
        "phone_number_id": number.phone_number_id,
        "display_phone_number": number.display_phone_number,
        "state": state,
        "opened_by": row.opened_by if row else None,
        "opened_at": rfc3339(row.opened_at_ms) if row else None,
        "last_message_id": row.last_message_id if row else None,
        "last_message_at": rfc3339(last_ms) if row else None,
        "closes_at": rfc3339(closes_ms) if row else None,
    }
