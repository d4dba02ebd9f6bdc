"""What a benchmark leaves: named figures, a table for people and a file for programs."""

import json
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from os import cpu_count
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FILE = Path(".run") / "bench.json"


@dataclass(frozen=True)
class Figure:
    """One measured value; ``ceiling`` is what the same run reached without our work, where measured."""

    name: str
    value: float
    unit: str
    ceiling: float | None = None
    details: dict[str, Any] = field(default_factory=dict)


def write(figures: list[Figure], file: Path = FILE) -> None:
    """Write the file; other figures are kept that this commit gave on this machine, and none of another."""
    file.parent.mkdir(exist_ok=True)
    origin = {"machine": _machine(), "commit": _commit()}
    earlier = json.loads(file.read_text()) if file.exists() else {"results": []}
    same = all(earlier.get(name) == value for name, value in origin.items())
    names = {figure.name for figure in figures}
    results = [result for result in earlier["results"] if same and result["name"] not in names]
    results += [asdict(figure) for figure in figures]
    results.sort(key=lambda result: str(result["name"]))
    description = {**origin, "results": results}
    file.write_text(json.dumps(description, indent=2) + "\n")


def show(figures: list[Figure], console: Console) -> None:
    """Print the table."""
    table = Table("figure", "value", "unit", "ceiling", "details")
    for column in (1, 3):
        table.columns[column].justify = "right"
    for figure in figures:
        ceiling = "" if figure.ceiling is None else f"{figure.ceiling:,.0f}"
        details = ", ".join(f"{name} {value}" for name, value in figure.details.items())
        table.add_row(figure.name, _rounded(figure.value), figure.unit, ceiling, details)
    console.print(table)


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


def _machine() -> str:
    return f"{cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return asked.stdout.strip()
