"""Invariant 3: nobody is written to against the last consent record before the attempt in dispatch.

Judged in the order of dispatch, by the consent that each attempt names. A request is judged by the order of
intake as well, where it was accepted.
"""

from collections.abc import Iterator

from services.verifier.findings import Judgement
from services.verifier.life import UNKNOWN, MessageLife, Permit
from services.verifier.records import Place
from services.verifier.rules.consent import CUSTOMER_STOPPED, UNDELIVERABLE

Wrong = Iterator[tuple[Place, str]]


def judge(life: MessageLife, judgement: Judgement) -> None:
    """Compare each attempt with the consent that was the last one in dispatch when it fell due."""
    attempted = list(_attempted(life, judgement))
    told = [] if attempted else list(_told(life, judgement))
    found = [*_accepted(life, judgement), *attempted, *told]
    judgement.wrong += [(3, place, sentence) for place, sentence in found]


def _accepted(life: MessageLife, judgement: Judgement) -> Wrong:
    """What consent answered, by the order of intake."""
    if life.requested is None or life.objection == UNKNOWN:
        judgement.unchecked.append(3)
        return
    judgement.checked.append(3)
    if life.screened is not None and life.objection:
        yield life.screened, f"The request passed although consent forbade it ({life.objection})."
    if life.refused is not None and life.refused_by_consent:
        by_consent = life.refused_code in (UNDELIVERABLE, CUSTOMER_STOPPED)
        if by_consent and life.refused_code != life.objection:
            yield (
                life.refused,
                f"The request was refused with {life.refused_code} against the customer's consent.",
            )


def _attempted(life: MessageLife, judgement: Judgement) -> Wrong:
    """What was handed to the channel, by the order of dispatch."""
    sent = False
    for attempt in life.attempts:
        if life.authorized and attempt.number > max(life.permits):
            yield attempt.place, f"Nothing in dispatch causes attempt {attempt.number}."
            continue
        permit = _known(life, attempt.number, judgement)
        if permit is None:
            continue
        if not permit.permits:
            sent = True
            yield attempt.place, f"Attempt {attempt.number} was made although {_last(permit)} forbids it."
        elif attempt.consent_id != permit.consent_id:
            yield (
                attempt.place,
                f"Attempt {attempt.number} names {attempt.consent_id or 'no consent'}; "
                f"{permit.consent_id} is the last before it.",
            )
    told = life.told.get("sent")
    if told is None or sent:
        return
    permit = _known(life, 1, judgement)
    if permit is not None and not permit.permits:
        yield told, f"The message was sent although {_last(permit)} forbids it."


def _told(life: MessageLife, judgement: Judgement) -> Wrong:
    """What usage was told of the consent at the attempt that arrived."""
    outcome = life.outcome
    if outcome is None or not outcome.delivered or life.received is None:
        return
    if not life.received_under:
        judgement.unchecked.append(3)
        return
    judgement.checked.append(3)
    if outcome.consent_id != life.received_under:
        yield outcome.place, f"The outcome names {outcome.consent_id}, the attempt {life.received_under}."
    closing = life.closing
    if closing is not None and outcome.consent_id not in closing.evidence:
        yield closing.place, f"The entry {closing.kind} does not name {outcome.consent_id} in its evidence."


def _known(life: MessageLife, number: int, judgement: Judgement) -> Permit | None:
    """The consent that held for an attempt; None where that cannot be known."""
    permit = life.permits.get(number)
    if permit is None or not permit.known:
        judgement.unchecked.append(3)
        return None
    judgement.checked.append(3)
    return permit


def _last(permit: Permit) -> str:
    return permit.consent_id or "the lack of any consent"
