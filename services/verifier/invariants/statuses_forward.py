"""Invariant 6: statuses of a message only move forward, and failed and expired are final."""

from services.verifier.awaited import Missing
from services.verifier.findings import Findings, Judgement
from services.verifier.known import Known
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
UNSEEN = Missing(6, "The message is said to be read, but no read receipt in dispatch says so.")


def check(life: MessageLife, kind: str, code: int, at_ms: int, place: Place, findings: Findings) -> None:
    """The message is said to be ``kind`` as of ``at_ms``, a failure with ``code``."""
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
        life.ending = Ending("delivered" if rank in RECEIVED else kind, code, at_ms, place)


def judge(life: MessageLife, known: Known, judgement: Judgement) -> None:
    """Whether what the business was told of a read message is true."""
    told = life.told.get("read")
    if told is None or life.seen or not known.kept("dispatch", life):
        return
    if life.received is not None or life.outcome is None:  # else no receipt came at all, and that is named
        judgement.wrong.append((6, told, UNSEEN.sentence))
