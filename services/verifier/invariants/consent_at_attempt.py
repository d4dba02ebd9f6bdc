"""Invariant 3: nobody is written to against the last consent record before the attempt in dispatch.

Judged in the order of dispatch, by the consent that each attempt names. A request is judged by the order of
intake as well, where it was accepted.
"""

from collections.abc import Iterator

from services.verifier.findings import Judgement
from services.verifier.known import Known
from services.verifier.life import UNKNOWN, Attempt, MessageLife, Permit
from services.verifier.records import Place
from services.verifier.rules.consent import CUSTOMER_STOPPED, UNDELIVERABLE

TOO_FAST, KEY_TAKEN = 131056, 100
Wrong = Iterator[tuple[Place, str]]


def judge(life: MessageLife, known: Known, judgement: Judgement) -> None:
    """Compare each attempt with the consent that was the last one in dispatch when it fell due."""
    attempted = list(_attempted(life, known, judgement))
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
    if life.refused is not None and life.refused_by_consent and not _may_refuse(life):
        yield (
            life.refused,
            f"The request was refused with {life.refused_code} against the customer's consent.",
        )


def _may_refuse(life: MessageLife) -> bool:
    """Whether consent can answer so. How fast requests come, and whose key is taken, it is believed."""
    code = life.refused_code
    if code in (UNDELIVERABLE, CUSTOMER_STOPPED):
        return code == life.objection
    if code == TOO_FAST:
        return life.objection == 0
    return code == KEY_TAKEN and life.keyed


def _attempted(life: MessageLife, known: Known, judgement: Judgement) -> Wrong:
    """What was handed to the channel, by the order of dispatch."""
    sent, in_view = False, life.authorized is not None or known.kept("dispatch", life)
    for attempt in life.attempts:
        permit = _permit(life, attempt)
        if permit is None and in_view and not _forgotten(life, attempt):
            sent = True
            yield attempt.place, f"Nothing in dispatch causes attempt {attempt.number}."
        if not _judged(permit, judgement) or permit is None:
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
    if told is None or sent or (life.ending is not None and told > life.ending.place):
        return
    permit = life.permits.get(1)
    if permit is None and in_view:
        yield told, "The business was told that it is sent, but nothing in dispatch causes an attempt."
    elif _judged(permit, judgement) and permit is not None and not permit.permits:
        yield told, f"The message was sent although {_last(permit)} forbids it."


def _permit(life: MessageLife, attempt: Attempt) -> Permit | None:
    """What in dispatch causes the attempt, at the same time. A cause that was set aside leaves no number."""
    permit = life.permits.get(attempt.number)
    if permit is not None and permit.at_ms == attempt.at_ms:
        return permit
    later = (each for number, each in life.permits.items() if number > attempt.number)
    return next((each for each in later if each.at_ms == attempt.at_ms), None)


def _forgotten(life: MessageLife, attempt: Attempt) -> bool:
    """Whether what causes the attempt may be among what is no longer remembered."""
    return len(life.permits) < life.permitted and attempt.number <= life.permitted


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


def _judged(permit: Permit | None, judgement: Judgement) -> bool:
    """Whether the consent that held can be known; counts either way."""
    known = permit is not None and permit.known
    (judgement.checked if known else judgement.unchecked).append(3)
    return known


def _last(permit: Permit) -> str:
    return permit.consent_id or "the lack of any consent"
