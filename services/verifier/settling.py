"""When a message is settled: all that belongs to it has been seen, so that it can be judged and let go."""

from services.verifier.findings import Judgement
from services.verifier.invariants import (
    consent_at_attempt,
    free_by_evidence,
    money_once,
    one_end,
    statuses_forward,
)
from services.verifier.invariants.ends import delivered, given_up
from services.verifier.known import Known
from services.verifier.life import MessageLife
from services.verifier.progress import Progress
from services.verifier.rules.prices import CHARGED


def settled(life: MessageLife, known: Known) -> bool:
    """Whether nothing more is to come, because it is there or because retention has deleted it."""
    if not (life.requested or not known.kept("intake", life)):
        return False
    if delivered(life) is None or (life.ending is None and known.kept("statuses", life)):
        return False
    if not given_up(life, known) and not _answered(life, known):
        return False
    if "read" in life.told and not life.seen and known.kept("dispatch", life):
        return False
    if life.ending is not None and life.ending.kind == "expired" and not known.expiry_reached(life):
        return False
    return _money_settled(life, known)


def judged(life: MessageLife, known: Known) -> Judgement:
    """All that is judged of a message as a whole."""
    judgement = Judgement()
    one_end.judge(life, known, judgement)
    money_once.judge(life, known, judgement)
    consent_at_attempt.judge(life, known, judgement)
    free_by_evidence.judge(life, judgement)
    statuses_forward.judge(life, known, judgement)
    return judgement


def note_progress(life: MessageLife, progress: Progress) -> None:
    """What of the stages' input is proved to have been judged, by what they wrote about this message."""
    if life.requested and (life.screened or life.held or life.refused_by_consent):
        progress.note(life.requested)
    if life.screened and life.assessed:
        progress.note(life.screened)
    if life.assessed and (
        life.authorized or life.reservation or (life.refused and not life.refused_by_consent)
    ):
        progress.note(life.assessed)
    if life.outcome and life.closing:
        progress.note(life.outcome.place)
    if life.held and "accepted" in life.told:
        progress.note(life.held, life.held_record_ms)
    if life.refused and life.ending:
        progress.note(life.refused)
    if life.authorized and ("sent" in life.told or life.outcome):
        progress.note(life.authorized)
    if life.received and life.ending:
        progress.note(life.received, life.received_record_ms)


def _answered(life: MessageLife, known: Known) -> bool:
    """Whether every stage's answer is there."""
    if life.refused is not None and life.refused_by_consent:
        return True
    line = (("screened", life.screened), ("dispatch", life.held), ("usage", life.assessed))
    if any(place is None and known.kept(topic, life) for topic, place in line):
        return False
    if "accepted" not in life.told and known.kept("statuses", life):
        return False
    if delivered(life) and life.authorized and life.received is None:
        return False
    return bool(life.authorized or life.refused or not known.kept("dispatch", life))


def _money_settled(life: MessageLife, known: Known) -> bool:
    """Whether the ledger has what the end demands; it is kept for ever, so all of it comes."""
    if life.refused is not None or (life.given_up is not None and life.authorized is None):
        return True
    if life.outcome is None and known.kept("usage", life):
        return False
    if life.closing is not None:
        return True
    charged = life.due is not None and life.due.kind == CHARGED
    return not (delivered(life) or life.reservation or charged)
