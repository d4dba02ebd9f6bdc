"""When customers' messages were sent, so that a repeat is answered, and dated, as the first."""

from collections import OrderedDict
from typing import NamedTuple

KNOWN_MAX = 65_536
"""Messages whose time is known; the oldest is forgotten first."""
KNOWN_MS = 6 * 24 * 3_600_000
"""A day less than consent knows a repeat: what is older may count as a message of its own."""


class _Sent(NamedTuple):
    at_ms: int
    noted_at_ms: int
    may_be_written: bool


class SentTimes:
    """By message id; of this process alone. All times are Unix milliseconds."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, _Sent] = OrderedDict()

    def first(self, message_id: str, sent_at_ms: int, now_ms: int) -> int:
        """When the message was sent: ``sent_at_ms``, unless it is the repeat of one that is known."""
        known = self._sent.get(message_id)
        if known is not None and now_ms - known.noted_at_ms < KNOWN_MS:
            return known.at_ms
        self._note(message_id, _Sent(sent_at_ms, now_ms, may_be_written=False))
        return sent_at_ms

    def written(self, message_id: str, sent_at_ms: int, now_ms: int) -> None:
        """The message is in ``intake``, or may be: from now on no failure makes its time forgotten."""
        known = self._sent.get(message_id)
        if known is None:
            self._note(message_id, _Sent(sent_at_ms, now_ms, may_be_written=True))
        elif not known.may_be_written:
            self._sent[message_id] = known._replace(may_be_written=True)

    def not_written(self, message_id: str) -> None:
        """A try has certainly failed: the next one dates the message anew, unless another may be written."""
        known = self._sent.get(message_id)
        if known is not None and not known.may_be_written:
            del self._sent[message_id]

    def _note(self, message_id: str, sent: _Sent) -> None:
        self._sent[message_id] = sent
        self._sent.move_to_end(message_id)
        if len(self._sent) > KNOWN_MAX:
            self._sent.popitem(last=False)
