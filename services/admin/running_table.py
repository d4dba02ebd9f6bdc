"""A table that is printed line by line, while its rows are still being written."""

import sys
from collections.abc import Sequence

HEADINGS_AGAIN = 40
"""Rows after which a screen shows the headings again."""
BOLD, DIM, PLAIN = "\033[1m", "\033[2m", "\033[0m"


class RunningTable:
    """Columns of fixed width. A cell that is wider pushes the rest of its line to the right."""

    def __init__(self, columns: Sequence[tuple[str, int, bool]]) -> None:
        """``columns``: heading, width in characters, whether it is set to the right."""
        self._columns = columns
        self._is_screen = sys.stdout.isatty()
        self.rows = 0
        """How many were printed."""

    def add_row(self, cells: Sequence[str]) -> None:
        """Print a row at once."""
        if self.rows == 0 or (self._is_screen and self.rows % HEADINGS_AGAIN == 0):
            print(self._styled(BOLD, self._line([heading for heading, _, _ in self._columns])), flush=True)
        self.rows += 1
        print(self._line(cells), flush=True)

    def add_note(self, text: str) -> None:
        """Print a line that belongs to the row above."""
        print(self._styled(DIM, f"    {text}"), flush=True)

    def _line(self, cells: Sequence[str]) -> str:
        placed = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, (_, width, is_right) in zip(cells, self._columns, strict=True)
        ]
        return "  ".join(placed).rstrip()

    def _styled(self, style: str, text: str) -> str:
        return f"{style}{text}{PLAIN}" if self._is_screen else text
