"""Runs a verification: folds two cuts of the topics and judges what they say."""

from collections.abc import Callable

from services.verifier.findings import Findings
from services.verifier.folds import dispatch, intake, ledger, outbox, screened, statuses, usage
from services.verifier.invariants import consent_at_attempt, free_by_evidence, money_once, one_end
from services.verifier.known import Known
from services.verifier.life import MessageLife
from services.verifier.records import LogRecord, Source, TopicPartition

FOLDS: dict[str, Callable[[LogRecord, Known], None]] = {
    "intake": intake.fold,
    "screened": screened.fold,
    "dispatch": dispatch.fold,
    "usage": usage.fold,
    "ledger": ledger.fold,
    "statuses": statuses.fold,
    "outbox": outbox.fold,
}
CUTS = 2
"""A message is judged for what is missing when a whole cut has brought no news of it. So two are read: the
second is short, and what moved in it is under way."""


def verify(source: Source) -> Findings:
    """Read all there is and judge it. Blocks until done."""
    known = Known()
    positions: dict[TopicPartition, int] = {}
    for _ in range(CUTS):
        cut = source.cut()
        known.begin_cut(cut)
        for batch in source.read(cut, positions):
            fold = FOLDS.get(batch[0].topic)
            known.findings.records[batch[0].topic] += len(batch)
            for record in batch:
                known.note_time(record.topic, record.partition, record.timestamp_ms)
                if fold is not None:
                    fold(record, known)
        positions = {place: span.end for place, span in cut.items()}
        if known.cut_number == 1:
            for life in known.lives.values():
                note_progress(life, known)
            known.progress.next_cut()
    for life in known.lives.values():
        if one_end.is_open(life):
            known.findings.open += 1
        if life.touched < known.cut_number:
            judge(life, known)
    return known.findings


def judge(life: MessageLife, known: Known) -> None:
    """All that is judged of a message as a whole."""
    one_end.judge(life, known)
    money_once.judge(life, known)
    consent_at_attempt.judge(life, known)
    free_by_evidence.judge(life, known)


def note_progress(life: MessageLife, known: Known) -> None:
    """What of the stages' input is proved to have been judged, by what they wrote about this message."""
    progress = known.progress
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
    if life.held and life.accepted_status:
        progress.note(life.held, life.accepted_at_ms)
    if life.refused and life.ending:
        progress.note(life.refused)
    if life.authorized and (life.sent_status or life.outcome):
        progress.note(life.authorized)
    if life.received and life.ending:
        progress.note(life.received, life.received_ms)
