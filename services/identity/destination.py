"""The longest shipped prefix of a number: the one thing the line may know of where a message goes."""

from csv import DictReader
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "market_prefixes.csv"
"""143 prefixes with country and market, as of mid 2026; a plan file may name other markets for them."""


@cache
def shipped_prefixes() -> dict[str, str]:
    """Market of each prefix in the shipped table."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {row["prefix"]: row["market"] for row in DictReader(lines)}


def destination_prefix(number: str) -> str:
    """The longest prefix of a canonical number in the shipped table; empty when there is none."""
    prefixes = shipped_prefixes()
    for length in range(_longest(), 0, -1):
        if number[:length] in prefixes:
            return number[:length]
    return ""


@cache
def _longest() -> int:
    return max(map(len, shipped_prefixes()))
