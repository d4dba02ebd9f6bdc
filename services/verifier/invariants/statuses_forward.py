"""Invariant 6: statuses of a message only move forward, and failed and expired are final."""

from services.verifier.findings import Findings
from services.verifier.life import Ending, MessageLife
from services.verifier.records import Place

_RANKS = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5, "expired": 5, "delivered_late": 6}
_NAMES = {1: "accepted", 2: "sent", 3: "delivered", 4: "read", 5: "failed or expired", 6: "delivered late"}
FINAL = 5
RECEIVED = (3, 4)


def check(life: MessageLife, kind: str, place: Place, findings: Findings) -> None:
    """The message is said to be ``kind`` now."""
    rank = _RANKS[kind]
    findings.checked[6] += 1
    before = life.status_rank
    late = kind == "delivered_late"
    if rank <= before or (rank == FINAL and before in RECEIVED):
        findings.violated(6, place, life.message_id, f"The status went from {_NAMES[before]} back to {kind}.")
        return
    if late and (life.ending is None or life.ending.kind != "expired"):
        findings.violated(6, place, life.message_id, "The message is delivered late but never expired.")
        return
    life.status_rank = rank
    if kind == "accepted":
        life.accepted_status = place
    elif kind == "sent":
        life.sent_status = place
    elif life.ending is None:
        life.ending = Ending("delivered" if rank in RECEIVED else kind, place)
