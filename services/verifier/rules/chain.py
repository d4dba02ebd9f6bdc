"""How the entries of one ledger follow each other.

Source: DESIGN of money. Entries are numbered from 1, each names the SHA-256 of the record value before it,
64 zeros in entry 1, and `balance` is the sum of the amounts up to and with the entry.
"""

from dataclasses import dataclass

NO_HASH = "0" * 64


@dataclass(slots=True)
class Head:
    """The newest entry of a business's ledger."""

    sequence: int = 0
    hash: str = NO_HASH
    balance_micros: int = 0
    currency: str = ""
