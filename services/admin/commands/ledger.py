"""`parley ledger`: what was reserved, charged, released and free, and why."""

from collections.abc import Iterator
from typing import Annotated

import typer

from services.admin.instance import open_instance
from services.admin.ledger_tail import ChainedEntry, follow_ledger, read_ledger
from services.admin.ledger_view import AMOUNT_COLUMNS, HEADINGS, entry_object, explain, table_row
from services.admin.output import AsJson, print_json
from services.admin.running_table import RunningTable

WIDTHS = {
    "business": 15,
    "#": 7,
    "recorded at": 24,
    "entry": 10,
    "message": 9,
    "market": 22,
    "reserved": 9,
    "amount": 9,
    "balance": 12,
    "": 3,
    "reason": 23,
}
"""Characters of each column: lines are printed as they come, so that nobody can wait for the widest."""

app = typer.Typer(help="What was reserved, charged, released and free, and why.", no_args_is_help=True)


@app.callback()
def ledger() -> None:
    """Keep `tail` a command of its own, though it is the only one."""


@app.command()
def tail(
    business: Annotated[str | None, typer.Option(help="Only this business's entries.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as entries are written.")] = False,
    explained: Annotated[bool, typer.Option("--explain", help="Add to each entry why it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print every entry from the first, each business's by its sequence, up to the committed end."""
    instance = open_instance()
    read = follow_ledger if follow else read_ledger
    entries = read(instance.connection, instance.topic_prefix, business)
    try:
        if as_json:
            _print_for_programs(entries, explained)
        else:
            _print_for_people(entries, explained)
    except KeyboardInterrupt:
        raise typer.Exit from None


def _print_for_programs(entries: Iterator[ChainedEntry], explained: bool) -> None:
    for each in entries:
        print_json(entry_object(each) | ({"explanation": explain(each.entry)} if explained else {}))


def _print_for_people(entries: Iterator[ChainedEntry], explained: bool) -> None:
    table = RunningTable([(heading, WIDTHS[heading], heading in AMOUNT_COLUMNS) for heading in HEADINGS])
    for each in entries:
        table.add_row(table_row(each))
        if explained:
            table.add_note(explain(each.entry))
    if not table.rows:
        print("The ledger has no entry yet.")
