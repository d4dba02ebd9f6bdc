"""Invariant 3: nobody is written to against the last consent record before the attempt in dispatch."""

from collections.abc import Iterator

from services.verifier.known import Known
from services.verifier.life import MessageLife
from services.verifier.records import Place


def judge(life: MessageLife, known: Known) -> None:
    """Compare each attempt with the consent that was the last one in dispatch when it fell due."""
    for place, sentence in [*_accepted(life, known), *_sent(life, known), *_named(life, known)]:
        known.findings.violated(3, place, life.message_id, sentence)


def _accepted(life: MessageLife, known: Known) -> Iterator[tuple[Place, str]]:
    """Consent judged by the order of intake."""
    if life.requested is None:
        return
    if life.objection is None:
        known.findings.unchecked[3] += 1
        return
    known.findings.checked[3] += 1
    if life.screened is not None and life.objection:
        yield life.screened, f"The request passed although consent forbade it ({life.objection})."
    if life.refused is not None and life.refused_by_consent:
        objections = (131026, 131050)
        if life.refused_code in objections and life.refused_code != life.objection:
            yield (
                life.refused,
                f"The request was refused with {life.refused_code} against the customer's consent.",
            )


def _sent(life: MessageLife, known: Known) -> Iterator[tuple[Place, str]]:
    if life.sent_status is None or life.first_permit is None:
        return
    if not life.first_permit.known:
        known.findings.unchecked[3] += 1
        return
    known.findings.checked[3] += 1
    if not life.first_permit.permits:
        yield life.sent_status, f"The message was sent although {life.first_permit.consent_id} forbids it."


def _named(life: MessageLife, known: Known) -> Iterator[tuple[Place, str]]:
    for attempt in life.attempts:
        permit = life.permits.get(attempt.number)
        if permit is None or not permit.known:
            known.findings.unchecked[3] += 1
            continue
        known.findings.checked[3] += 1
        if not permit.permits:
            yield attempt.place, f"Attempt {attempt.number} was made although {permit.consent_id} forbids it."
        elif attempt.consent_id != permit.consent_id:
            yield (
                attempt.place,
                f"Attempt {attempt.number} names {attempt.consent_id}; "
                f"{permit.consent_id} is the last before it.",
            )
    outcome = life.outcome
    if outcome is not None and outcome.delivered and life.received is not None:
        known.findings.checked[3] += 1
        if outcome.consent_id != life.received_under:
            yield (
                outcome.place,
                f"The outcome names {outcome.consent_id}, the attempt was made under {life.received_under}.",
            )
