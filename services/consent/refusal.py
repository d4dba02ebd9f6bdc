"""What a business is told when a message is not sent."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """Why a message is not sent."""

    code: int
    """Cloud API error code."""
    details: str
    """What happened and what to do, in a sentence."""
