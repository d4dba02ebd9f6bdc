"""Invariant 1: every accepted request ends exactly once; none is lost and none comes from nowhere."""

from collections.abc import Iterator

from services.verifier.awaited import Missing
from services.verifier.findings import Judgement
from services.verifier.invariants.ends import given_up
from services.verifier.known import Known
from services.verifier.life import MessageLife
from services.verifier.records import Place

Wrong = Iterator[tuple[Place, str]]
WITHOUT_LETTER = Missing(1, "No dead letter stands behind this: no stage gave the message up.")
_LINE = ("intake", "screened", "dispatch", "usage")


def judge(life: MessageLife, known: Known, judgement: Judgement) -> None:
    """Name what is missing, too much or changed. All that belongs to the message has been seen by now."""
    in_view = known.in_view.all_kept() or all(known.kept(topic, life) for topic in (*_LINE, "statuses"))
    (judgement.checked if in_view else judgement.unchecked).append(1)
    found = [*_from_nowhere(life, known), *_changed(life)]
    if given_up(life, known):
        pass  # it went no further
    elif life.given_up is not None:
        found.append((life.given_up, WITHOUT_LETTER.sentence))
    else:
        found += [*_lost(life, known), *_incomplete(life, known)]
    found += [*_untold(life, known), *_expired_early(life, known)]
    judgement.wrong += [(1, place, sentence) for place, sentence in found]


def _from_nowhere(life: MessageLife, known: Known) -> Wrong:
    if life.requested is not None or not known.kept("intake", life):
        return
    steps = (
        life.held,
        life.screened,
        life.refused,
        life.assessed,
        life.authorized,
        *life.told.values(),
        life.given_up,
    )
    records = (life.reservation, life.closing, life.outcome, *life.attempts)
    places = [place for place in steps if place] + [record.place for record in records if record]
    if places:
        yield places[0], "No accepted request in intake stands behind this."


def _lost(life: MessageLife, known: Known) -> Wrong:
    """Steps that a stage has certainly passed without taking them."""
    passed = known.progress.passed
    answered = life.screened or life.held or life.refused or life.assessed
    if life.requested and not answered and passed(life.requested):
        yield life.requested, "The request was lost: consent neither passed nor refused it."
    if life.screened and not life.assessed and not life.authorized and passed(life.screened):
        yield life.screened, "The request was lost: session-window did not assess it."
    priced = life.authorized or life.refused or life.reservation or life.closing
    if life.assessed and not priced and passed(life.assessed):
        yield life.assessed, "The request was lost: rate-and-bill neither authorized nor refused it."


def _incomplete(life: MessageLife, known: Known) -> Wrong:
    """Steps whose twin or cause is not there, though it was written before or with them."""
    if life.held and not life.screened and known.kept("screened", life):
        yield life.held, "The request's content is held but the request is not in screened."
    if life.screened and not life.held and known.kept("dispatch", life):
        yield life.screened, "The request was screened but its content is not in dispatch."
    if life.assessed and not life.screened and known.kept("screened", life) and life.held is None:
        yield life.assessed, "usage has a request that is not in screened."
    if life.authorized and not life.assessed and known.kept("usage", life):
        yield life.authorized, "The message was authorized without a request in usage."
    if life.assessed and not life.authorized and not life.refused and known.kept("dispatch", life):
        entry = life.reservation or life.closing
        if entry is not None:
            yield entry.place, f"The ledger has the message {entry.kind} but dispatch was not told."
    if life.authorized and life.refused:
        yield max(life.authorized, life.refused), "The message was both authorized and refused."


def _untold(life: MessageLife, known: Known) -> Wrong:
    """What delivery has certainly judged without telling the business."""
    if not known.kept("statuses", life):
        return
    passed, ended = known.progress.passed, life.ending
    told, outcome = life.told, life.outcome
    if life.held and "accepted" not in told and (passed(life.held) or told):
        yield life.held, "The message is held but has no status accepted."
    if ended:
        if life.refused and ended.code != life.refused_code and ended.kind == "failed":
            yield (
                ended.place,
                f"The message failed with {ended.code}, but was refused with {life.refused_code}.",
            )
        if ended.kind == "delivered" and "sent" not in told:
            yield ended.place, "The message is delivered but has no status sent."
        if outcome and outcome.delivered and not outcome.read and "delivered" not in told:
            yield outcome.place, "usage was told that it was delivered, the business only that it was read."
        return
    if life.given_up and passed(life.given_up):
        yield life.given_up, "The message was given up but has no status failed."
    elif life.refused and passed(life.refused):
        yield life.refused, "The message was refused but has no status failed."
    elif outcome:
        yield outcome.place, "usage was told how the message ended, the business was not."
    elif life.authorized and "sent" not in told and passed(life.authorized):
        yield life.authorized, "The message was authorized but it was neither sent nor has it failed."
    elif life.received and passed(life.received):
        yield life.received, "A receipt came but the message has no status delivered."
    elif life.held and known.progress.time_passed("dispatch", life.held.partition, life.expires_at_ms):
        yield life.held, "The message's time to live is over but it has no end."


def _expired_early(life: MessageLife, known: Known) -> Wrong:
    """A message expires at the end of its time to live, by the time of dispatch."""
    ending = life.ending
    if ending is None or ending.kind != "expired" or not life.expires_at_ms:
        return
    if ending.at_ms != life.expires_at_ms:
        yield ending.place, f"It expired at {ending.at_ms}; its time to live ends at {life.expires_at_ms}."
    elif not known.expiry_reached(life):
        yield ending.place, "It is expired, but no record in dispatch is so late."


def _changed(life: MessageLife) -> Wrong:
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
    for topic, place in places.items():
        digest = life.facts.get(topic, usual)
        if digest != usual and place is not None:
            yield place, f"{topic} has other facts of the request than the rest of the line."
