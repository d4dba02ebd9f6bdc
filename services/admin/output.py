"""How commands answer: one JSON object a line for programs, tables for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from services.rate_and_bill.amounts import amount_text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, and nothing else.")]

Json = Mapping[str, Any]
WIDTH_WHEN_PIPED = 220
NOTHING = "-"


def print_objects(objects: Iterable[Json], as_json: bool, columns: Sequence[str], empty: str) -> None:
    """Print objects: all of each for programs; for people ``columns`` of each, or ``empty``."""
    if as_json:
        for each in objects:
            print_json(each)
        return
    rows = list(objects)
    if not rows:
        print(empty)
        return
    from rich.table import Table  # noqa: PLC0415 - a tenth of a second that programs need not wait

    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(text_of(row.get(column)) for column in columns))
    _print(table)


def print_object(answer: Json, as_json: bool) -> None:
    """Print one object: a line of JSON for programs, a line a member for people."""
    if as_json:
        print_json(answer)
        return
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in answer.items():
        table.add_row(name.replace("_", " "), text_of(value))
    _print(table)


def print_json(value: Json) -> None:
    """One object on a line of its own, at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def text_of(value: Any) -> str:
    """A value as people read it."""
    if value is None or value in ("", []):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(text_of(each) for each in value)
    if isinstance(value, Mapping) and value.keys() == {"currency", "micros"}:
        return f"{value['currency']} {amount_text(value['micros'])}"
    if isinstance(value, Mapping):
        return " ".join(text_of(each) for each in value.values())
    return str(value)


def _print(table: Any) -> None:
    from rich.console import Console  # noqa: PLC0415

    # Nothing is cut where the answer goes to a file or another program.
    width = None if sys.stdout.isatty() else WIDTH_WHEN_PIPED
    Console(width=width, highlight=False, markup=False).print(table, soft_wrap=False)
