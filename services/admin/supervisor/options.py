"""What `make up` can be told."""

from dataclasses import dataclass

ACCOUNTS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Options:
    """Size and limits of the instance."""

    accounts: int = 1
    """Businesses, each with one account and one number; more that are there already are kept."""
    number_rate: int = 80
    """Messages a second that ingress admits for each number."""
    pair_burst: int = 45
    """Messages that a number may send to one customer at once."""
    pair_interval_seconds: int = 6
    """Seconds that each message takes from the budget of number and customer."""
