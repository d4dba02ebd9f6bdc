"""Invariant 1: every accepted request ends exactly once; none is lost and none comes from nowhere."""

from services.verifier.known import Known
from services.verifier.life import MessageLife
from services.verifier.records import Place

_LINE = ("intake", "screened", "dispatch", "usage")


def judge(life: MessageLife, known: Known) -> None:
    """Report what is missing. A whole cut has brought no news of the message."""
    known.findings.checked[1] += 1
    place = _from_nowhere(life, known)
    if place is not None:
        known.findings.violated(
            1, place, life.message_id, "No accepted request in intake stands behind this."
        )
    for place, sentence in _lost(life, known):
        known.findings.violated(1, place, life.message_id, sentence)
    _judge_facts(life, known)


def is_open(life: MessageLife) -> bool:
    """Whether the message has been accepted and has not ended."""
    return life.requested is not None and life.ending is None


def _from_nowhere(life: MessageLife, known: Known) -> Place | None:
    if life.requested is not None:
        return None
    if not known.kept("intake", life.accepted_at_ms):
        known.findings.unchecked[1] += 1
        return None
    seen = (life.held, life.screened, life.refused, life.assessed, life.authorized, life.accepted_status)
    later = (life.ending, life.reservation, life.closing, life.outcome)
    return next((place for place in seen if place), next((each.place for each in later if each), None))


def _lost(life: MessageLife, known: Known) -> list[tuple[Place, str]]:
    """Steps that a stage has certainly passed without taking them. What is given up has no more steps."""
    if life.given_up is not None:
        return []
    passed, found = known.progress.passed, []
    answered = life.screened or life.held or life.refused
    if life.requested and not answered and passed(life.requested):
        found.append((life.requested, "The request was lost: consent neither passed nor refused it."))
    if life.held and not life.screened and known.kept("screened", life.accepted_at_ms):
        found.append((life.held, "The request's content is held but the request is not in screened."))
    if life.screened and not life.held and known.kept("dispatch", life.accepted_at_ms):
        found.append((life.screened, "The request was screened but its content is not in dispatch."))
    if life.screened and not life.assessed and passed(life.screened):
        found.append((life.screened, "The request was lost: session-window did not assess it."))
    if life.assessed and not (life.authorized or life.refused) and passed(life.assessed):
        found.append(
            (life.assessed, "The request was lost: rate-and-bill neither authorized nor refused it.")
        )
    if life.authorized and not life.assessed and known.kept("usage", life.accepted_at_ms):
        found.append((life.authorized, "The message was authorized without a request in usage."))
    if life.assessed and not life.screened and known.kept("screened", life.accepted_at_ms):
        found.append((life.assessed, "usage has a request that is not in screened."))
    found += _untold(life, known)
    return found


def _untold(life: MessageLife, known: Known) -> list[tuple[Place, str]]:
    """What delivery has judged without telling the business."""
    passed, found = known.progress.passed, []
    if not known.kept("statuses", life.accepted_at_ms):
        known.findings.unchecked[1] += 1
        return []
    if life.held and not life.accepted_status and passed(life.held):
        found.append((life.held, "The message is held but has no status accepted."))
    if life.refused and not life.ending and passed(life.refused):
        found.append((life.refused, "The message was refused but has no status failed."))
    if life.ending is None and life.authorized and not life.sent_status and passed(life.authorized):
        found.append((life.authorized, "The message was authorized but was neither sent nor has it failed."))
    if life.ending is None and life.received and passed(life.received):
        found.append((life.received, "A receipt came but the message has no status delivered."))
    if (
        life.ending is None
        and life.held
        and known.progress.time_passed("dispatch", life.held.partition, life.expires_at_ms)
    ):
        found.append((life.held, "The message's time to live is over but it has no end."))
    return found


def _judge_facts(life: MessageLife, known: Known) -> None:
    """The facts of a request may not change on its way; the odd one out is named."""
    digests = [life.facts[topic] for topic in _LINE if topic in life.facts]
    if len(set(digests)) <= 1:
        return
    usual = max(digests, key=digests.count)
    places = {
        "intake": life.requested,
        "screened": life.screened,
        "dispatch": life.held or life.refused,
        "usage": life.assessed,
    }
    for topic, digest in life.facts.items():
        place = places[topic]
        if digest != usual and place is not None:
            known.findings.violated(
                1,
                place,
                life.message_id,
                f"{topic} has other facts of the request than the rest of the line.",
            )
