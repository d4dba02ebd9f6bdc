"""What is wrong with a plan file, in one sentence."""

from pathlib import Path


class PlanInvalid(ValueError):
    """A plan file cannot be used. Its text names the file, the line or field, and what to do."""

    def __init__(self, file: Path, place: str, what: str) -> None:
        super().__init__(f"{file}, {place}: {what}" if place else f"{file}: {what}")


def at_line(number: int) -> str:
    """A line as errors name it; the first is 1."""
    return f"line {number}"
