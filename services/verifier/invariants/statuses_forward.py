"""Invariant 6: statuses of a message only move forward, and failed and expired are final."""

from services.verifier.findings import Findings
from services.verifier.life import Ending, MessageLife
from services.verifier.records import Place

_RANKS = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5, "expired": 5, "delivered_late": 6}
_NAMES = {
    0: "nothing",
    1: "accepted",
    2: "sent",
    3: "delivered",
    4: "read",
    5: "failed or expired",
    6: "delivered late",
}
SENT, FINAL = 2, 5
RECEIVED = (3, 4)


def check(life: MessageLife, kind: str, code: int, place: Place, findings: Findings) -> None:
    """The message is said to be ``kind`` now, a failure with ``code``."""
    rank = _RANKS[kind]
    findings.checked[6] += 1
    before = life.status_rank
    if not life.settled:
        life.told.setdefault(kind, place)
    late = kind == "delivered_late"
    if rank <= before or (rank == FINAL and before in RECEIVED):
        findings.violated(6, place, life.message_id, f"The status went from {_NAMES[before]} back to {kind}.")
        return
    if late and (life.ending is None or life.ending.kind != "expired"):
        findings.violated(6, place, life.message_id, "The message is delivered late but never expired.")
        return
    life.status_rank = rank
    if rank > SENT and life.ending is None:
        life.ending = Ending("delivered" if rank in RECEIVED else kind, code, place)
