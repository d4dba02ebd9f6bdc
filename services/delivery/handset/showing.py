"""What a device is shown on one connection: each message at most once, in the order of acceptance."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

ENDED_KEPT_MAX = 64
"""Messages that ended lately and are still known, since a read receipt often follows."""


class Verdict(Enum):
    """What to do with an attempt."""

    SHOW = "shown"
    REPEATED = "repeated"
    """It was shown on this connection already."""
    EARLY = "early"
    """Delivery does not know yet that the device takes messages again: it will make a new attempt."""


class Seen(NamedTuple):
    """A message that was shown."""

    conversation: bytes
    traceparent: bytes | None


class Showing:
    """Decides what a connection shows.

    Where something waits when the device connects, delivery is told so and emits all that waits again,
    oldest first, naming that call. What was emitted before is not shown, or it could overtake an older
    message that is yet to come again. The same happens when a slow device has room again.
    """

    def __init__(self, connection: str, waiting: Mapping[bytes, Iterable[str]]) -> None:
        """``waiting``: by conversation, what waits for the customer when the device connects."""
        self._connection = connection
        self._calls = 0
        self._called: set[bytes] = set()
        """Conversations that the newest call is for, and where nothing was put back since."""
        self._awaited = {conversation: set(names) for conversation, names in waiting.items()}
        self._shown: dict[str, Seen] = {}
        self._ended: OrderedDict[str, Seen] = OrderedDict()
        self.calls_again = bool(waiting)
        """Whether something is awaited that was put there since the last call."""

    @property
    def call(self) -> str:
        """Name of the newest call for what waits."""
        return f"{self._connection}.{self._calls}"

    def begin_call(self) -> list[bytes]:
        """Call again for all that is awaited; returns the conversations that delivery is to be told of."""
        self._calls += 1
        self.calls_again = False
        self._called = set(self._awaited)
        return list(self._awaited)

    def judge(self, conversation: bytes, name: str, call: str, traceparent: bytes | None) -> Verdict:
        """Judge an attempt that ``call`` brought about (empty for a first attempt); SHOW counts as shown."""
        if name in self._shown:
            return Verdict.REPEATED
        awaited = self._awaited.get(conversation)
        if awaited is not None:
            if call != self.call or conversation not in self._called:
                awaited.add(name)
                return Verdict.EARLY
            del self._awaited[conversation]
        self._shown[name] = Seen(conversation, traceparent)
        return Verdict.SHOW

    def put_back(self, conversation: bytes, name: str) -> None:
        """What was to be shown found no room: it is awaited, and what comes after it as well."""
        del self._shown[name]
        self._awaited.setdefault(conversation, set()).add(name)
        self._called.discard(conversation)
        self.calls_again = True

    def end(self, conversation: bytes, name: str) -> None:
        """``name`` waits no longer: no attempt of it will come."""
        awaited = self._awaited.get(conversation)
        if awaited is not None:
            awaited.discard(name)
            if not awaited:
                del self._awaited[conversation]
        if seen := self._shown.pop(name, None):
            self._ended[name] = seen
            if len(self._ended) > ENDED_KEPT_MAX:
                self._ended.popitem(last=False)

    def seen(self, name: str) -> Seen | None:
        """What was shown under that name, while it waits and a little longer."""
        return self._shown.get(name) or self._ended.get(name)

    def awaits(self, conversation: bytes) -> bool:
        """Whether delivery is still to emit again what waits in the conversation."""
        return conversation in self._awaited
