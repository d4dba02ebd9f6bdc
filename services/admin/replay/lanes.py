"""Outputs side by side: as they lie in the topics, and as a replay makes them."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, Self

from parley.delivery.v1 import dispatch_pb2
from services.contracts.headers import CONVERSATION, KIND, Headers, header
from services.verifier.records import Place

COMPACTED = frozenset({"outbox"})
"""What is left of these is no sequence that could be compared."""
_BY_TOPIC = {
    "screened": "consent",
    "inbox": "consent",
    "consents": "consent",
    "windows": "session-window",
    "ledger": "rate-and-bill",
    "statuses": "delivery",
}
_BY_KIND = {
    ("usage", "send_assessed"): "session-window",
    ("usage", "message_delivered"): "delivery",
    ("usage", "message_undelivered"): "delivery",
    ("dispatch", "content_held"): "consent",
    ("dispatch", "consent_changed"): "consent",
    ("dispatch", "notice_requested"): "consent",
    ("dispatch", "read_mark_requested"): "consent",
    ("dispatch", "send_authorized"): "rate-and-bill",
}
NOT_BY_STAGES = frozenset({"setting_changed", "ticked"})
DIFFERENCES_KEPT_MAX = 1_000


class Lane(NamedTuple):
    """Records that one stage writes in one order: of a topic and key, and in usage of a conversation."""

    stage: str
    topic: str
    key: bytes
    conversation: bytes

    @property
    def input_key(self) -> bytes:
        """Key of the stage's input records that lead to this lane."""
        if self.stage == "rate-and-bill":
            return self.key.partition(b":")[0]
        return self.conversation if self.topic == "usage" else self.key


class Made(NamedTuple):
    """What must be the same each time."""

    value: bytes | None
    timestamp_ms: int
    place: Place
    """Where it was written, or of the input record that made the replay write it."""


class Difference(NamedTuple):
    """Where the replay and the topics part."""

    stage: str
    place: Place
    sentence: str


def lane_of(topic: str, key: bytes, headers: Headers, value: bytes | None) -> Lane | None:
    """The lane of a record that lies in ``topic``; None for one that no stage writes in a sequence."""
    kind = (header(headers, KIND) or b"").decode()
    if kind in NOT_BY_STAGES or topic in COMPACTED:
        return None
    stage = _BY_TOPIC.get(topic) or _BY_KIND.get((topic, kind))
    if (topic, kind) == ("dispatch", "send_refused"):
        refused = dispatch_pb2.DispatchEvent.FromString(value or b"").send_refused
        stage = "consent" if refused.HasField("facts") else "rate-and-bill"
    if stage is None:
        return None
    conversation = (header(headers, CONVERSATION) or b"") if topic == "usage" else b""
    return Lane(stage, topic, key, conversation)


class Lanes:
    """Compares both sides of each lane as they come, and holds what the other side has not brought yet."""

    def __init__(self) -> None:
        self.compared = 0
        self.differences: list[Difference] = []
        self._written: dict[Lane, deque[Made]] = {}
        self._replayed: dict[Lane, deque[Made]] = {}
        self._parted: set[Lane] = set()

    @classmethod
    def resumed(
        cls,
        written: dict[Lane, deque[Made]],
        replayed: dict[Lane, deque[Made]],
        parted: set[Lane],
        differences: list[Difference],
    ) -> Self:
        """As an earlier replay left them."""
        lanes = cls()
        lanes._written, lanes._replayed, lanes._parted = written, replayed, parted
        lanes.differences = differences
        return lanes

    def written(self, lane: Lane, made: Made) -> None:
        """A record that lies in the topic."""
        self._meet(lane, made, self._replayed, self._written)

    def replayed(self, lane: Lane, made: Made) -> None:
        """A record that the replay makes."""
        self._meet(lane, made, self._written, self._replayed)

    def only_written(self) -> Iterator[tuple[Lane, Made]]:
        """The first of each lane that the replay has not made."""
        return ((lane, queue[0]) for lane, queue in self._written.items())

    def only_replayed(self) -> Iterator[tuple[Lane, Made]]:
        """The first of each lane that lies in no topic: the stage has not come so far, or it was lost."""
        return ((lane, queue[0]) for lane, queue in self._replayed.items())

    def pending(self) -> tuple[dict[Lane, deque[Made]], dict[Lane, deque[Made]], set[Lane]]:
        """What waits for the other side, written and replayed, and the lanes that have parted."""
        return self._written, self._replayed, self._parted

    def part(self, lane: Lane, place: Place, sentence: str) -> None:
        """Name where a lane parts; what follows in it is not compared."""
        if len(self.differences) < DIFFERENCES_KEPT_MAX:
            self.differences.append(Difference(lane.stage, place, sentence))
        self._parted.add(lane)
        self._written.pop(lane, None)
        self._replayed.pop(lane, None)

    def _meet(
        self, lane: Lane, made: Made, others: dict[Lane, deque[Made]], ours: dict[Lane, deque[Made]]
    ) -> None:
        if lane in self._parted:
            return
        waiting = others.get(lane)
        if waiting is None:
            ours.setdefault(lane, deque()).append(made)
            return
        other = waiting.popleft()
        if not waiting:
            del others[lane]
        self.compared += 1
        if (made.value, made.timestamp_ms) != (other.value, other.timestamp_ms):
            written = made if ours is self._written else other
            self.part(lane, written.place, f"The replay of {lane.stage} writes another record here.")
