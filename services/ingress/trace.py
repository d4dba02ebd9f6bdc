"""The W3C ``traceparent`` of a request: the caller's where it sent a good one, else a new one.

It goes into the record header, and from there through all topics to the webhook.
"""

import re
from collections.abc import Callable
from os import urandom

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LENGTH = 55
_VERSION = "00"
_SHARE_STEPS = 1 << 16


class Tracer:
    """Makes trace contexts; a given share of the new ones is marked as sampled."""

    def __init__(self, sampled_share: float, random_bytes: Callable[[int], bytes] = urandom) -> None:
        """``sampled_share``: 0 marks none, 1 all."""
        self._sampled_below = round(sampled_share * _SHARE_STEPS)
        self._random_bytes = random_bytes

    def traceparent(self, received: str | None) -> bytes:
        """The context to pass on, for the header that was received, if any."""
        if received is not None and _is_traceparent(received):
            return (_VERSION + received[2:_LENGTH]).encode()
        random = self._random_bytes(26)
        sampled = int.from_bytes(random[24:]) < self._sampled_below
        trace, span = random[:16].hex(), random[16:24].hex()
        return f"{_VERSION}-{trace}-{span}-{int(sampled):02x}".encode()


def _is_traceparent(text: str) -> bool:
    if not _TRACEPARENT.match(text):
        return False
    # A later version may add fields after the fourth; version 00 has none.
    return len(text) == _LENGTH or (not text.startswith(_VERSION) and text[_LENGTH] == "-")
