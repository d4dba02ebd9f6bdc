"""Sees that partitions of the input have no owner, and says when to join the group anew.

Cooperative rebalancing hands a partition over in two steps: its owner gives it back and joins again, then it
is given to another. An owner that is started anew between the two gets, as a static member, the places of the
first step without a rebalance, and the second never comes: the partition lies idle until somebody joins or
leaves. A coordinator that fails over between the two has the same effect.
"""

import threading

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.group_members import group_members
from services.runtime.kafka_settings import SESSION_MS, StageIdentity

LOOK_SECONDS = SESSION_MS / 2_000
LOOKS = 2
"""So many in a row must see what the one before saw, so that a rebalance under way is left alone."""
ANSWER_SECONDS = 3.0
STOP_SECONDS = 2 * ANSWER_SECONDS

log = structlog.get_logger()


class UnownedWatch:
    """Looks at the group from a thread of its own, now and then."""

    def __init__(self, admin: AdminClient, identity: StageIdentity, partitions: int) -> None:
        """``partitions`` is how many the input has. Nothing happens before ``start``."""
        self._admin = admin
        self._group = identity.group
        self._member = identity.member
        self._partitions = partitions
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="unowned", daemon=True)
        self._seen: dict[str, frozenset[int]] = {}
        self._looks = 0

    def start(self) -> None:
        """Begin to look. Calling it again changes nothing."""
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def wants_rejoin(self) -> bool:
        """Whether this member is to leave the group and join it again; True once for each time."""
        if not self._wanted.is_set():
            return False
        self._wanted.clear()
        return True

    def _look_on(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        owned = self._owned()
        missing = set(range(self._partitions)).difference(*owned.values())
        self._looks = self._looks + 1 if owned and missing and owned == self._seen else 0
        self._seen = owned
        # One that owns least has the least to lose; were it not there, its session would soon be over.
        if self._looks >= LOOKS and self._member == min(owned, key=lambda each: (len(owned[each]), each)):
            self._looks = 0
            self._wanted.set()
            log.warning("partitions have no owner: joining the group anew", partitions=sorted(missing))

    def _owned(self) -> dict[str, frozenset[int]]:
        """Partitions by member of a group that is at rest; empty for any other, and without an answer."""
        try:
            at_rest, partitions, _ = group_members(self._admin, self._group, ANSWER_SECONDS)
        except KafkaException:
            return {}
        if not at_rest:
            return {}
        return {client_id.partition("@")[0]: owned for client_id, owned in partitions.items()}
