"""`parley webhook`: what went to an account's endpoint, or should have."""

from typing import Annotated

import typer

from services.admin.arguments import AccountId
from services.admin.instance import open_instance
from services.admin.lookups import account_of
from services.admin.output import AsJson, print_object
from services.admin.settings_snapshot import read_settings
from services.admin.since import BadSince, since_ms
from services.runtime.clock import wall_clock_ms

app = typer.Typer(help="What went to an account's endpoint, or should have.", no_args_is_help=True)


@app.callback()
def about() -> None:
    """What went to an account's endpoint, or should have."""


@app.command()
def replay(
    account: AccountId,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="A time such as 2026-10-09T12:00:00Z, or an age such as 90m.")
    ],
    as_json: AsJson = False,
) -> None:
    """Send again what happened since TIME, as far back as it is kept (seven days).

    What the endpoint has had already comes once more: it is told apart by message id and status. Where the
    endpoint fails three times on one update, the answer says from when to go on.
    """
    from services.admin.webhook_replay import replay as send_again  # noqa: PLC0415 - brings an event loop

    try:
        from_ms = since_ms(since, wall_clock_ms())
    except BadSince as error:
        raise typer.BadParameter(f"{error}.", param_hint="--since") from None
    instance = open_instance()
    known = account_of(read_settings(instance.connection, instance.topic_prefix), account)
    done = send_again(instance, known, from_ms)
    print_object({"account_id": account, "sent": done.sent, "unreadable": done.unreadable}, as_json)
