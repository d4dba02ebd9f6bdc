"""Invariant 2: delivered means one captured or free, any other end neither.

Each authorization is closed once, by captured or by voided.
"""

from collections.abc import Iterator

from services.verifier.findings import Judgement
from services.verifier.invariants.ends import delivered
from services.verifier.known import Known
from services.verifier.life import Ending, MessageLife
from services.verifier.records import Place

TOO_MANY_WAIT = 131056
"""A message that is authorized fails with it where too many wait for the customer."""
Wrong = Iterator[tuple[Place, str]]


def judge(life: MessageLife, known: Known, judgement: Judgement) -> None:
    """Compare the message's end with what it left in the ledger."""
    if known.kept("usage", life):
        judgement.checked.append(2)
    else:
        judgement.unchecked.append(2)
    found = [*_told(life, known), *_closed(life, known), *_received(life), *_matched(life)]
    judgement.wrong += [(2, place, sentence) for place, sentence in found]


def _told(life: MessageLife, known: Known) -> Wrong:
    """What usage was told of the end."""
    ending, outcome = life.ending, life.outcome
    if ending is None:
        return
    if life.received and ending.kind != "delivered" and not _ended_before(life, ending, known):
        yield (
            life.received,
            f"A receipt came while it waited, but the business was told that it is {ending.kind}.",
        )
    if outcome is not None:
        if outcome.delivered != (ending.kind == "delivered") or outcome.expired != (ending.kind == "expired"):
            told = "delivered" if outcome.delivered else "expired" if outcome.expired else "not delivered"
            yield outcome.place, f"usage was told that it was {told}, the business that it is {ending.kind}."
        elif outcome.expired and life.expires_at_ms not in (0, outcome.at_ms):
            yield (
                outcome.place,
                f"It expired at {outcome.at_ms}; its time to live ends at {life.expires_at_ms}.",
            )
    elif not known.kept("usage", life):
        return
    elif ending.kind == "delivered":
        yield ending.place, "The business was told that it is delivered, usage was not."
    elif life.authorized is not None and known.progress.passed(life.authorized):
        yield life.authorized, f"The message was authorized and is {ending.kind}, but usage was not told."


def _ended_before(life: MessageLife, ending: Ending, known: Known) -> bool:
    """Whether the receipt may have found it ended, or was set aside."""
    too_many_waited = ending.code == TOO_MANY_WAIT and "sent" not in life.told
    return life.unsure or too_many_waited or str(life.received) in known.set_aside


def _closed(life: MessageLife, known: Known) -> Wrong:
    """What the ledger must have and has not."""
    outcome, closing, reservation = life.outcome, life.closing, life.reservation
    if life.billable and reservation is None and life.authorized and closing is None:
        yield life.authorized, "The message may cost something but the ledger has no authorization."
    if closing is not None or outcome is None or not known.progress.passed(outcome.place):
        return
    if outcome.delivered and (life.authorized or reservation):
        yield outcome.place, "The message was delivered but the ledger has neither captured nor free."
    elif not outcome.delivered and reservation is not None:
        yield outcome.place, "The message was not delivered but its authorization was not voided."


def _received(life: MessageLife) -> Wrong:
    """What usage was told of a receipt must be in dispatch."""
    outcome = life.outcome
    if outcome and outcome.delivered and life.authorized:
        newest = life.permits.get(life.permitted)
        if newest is not None and not newest.permits and newest.known:
            pass  # consent had ended it: that it was sent is named
        elif not life.received:
            yield outcome.place, "usage was told that it was delivered, but no receipt in dispatch says so."
        elif outcome.at_ms != life.received_at_ms:
            yield outcome.place, f"usage was told of a receipt at {outcome.at_ms}, not {life.received_at_ms}."


def _matched(life: MessageLife) -> Wrong:
    """What the ledger has must fit together, and fit the end."""
    closing, reservation, outcome = life.closing, life.reservation, life.outcome
    if reservation is not None and reservation.recorded_at_ms != life.accepted_at_ms:
        yield reservation.place, f"The entry is not of {life.accepted_at_ms}, when the request was accepted."
    if closing is None:
        return
    if closing.kind == "free":
        if reservation is not None:
            yield closing.place, f"The message is free although {reservation.place} has it authorized."
    elif reservation is None:
        yield closing.place, f"The message is {closing.kind} but was never authorized."
    elif closing.authorized_sequence != reservation.sequence:
        yield (
            closing.place,
            f"The entry closes {closing.authorized_sequence}, the message was authorized by "
            f"{reservation.sequence}.",
        )
    elif closing.reserved_micros != -reservation.reserved_micros:
        yield closing.place, "The entry does not release what was reserved."
    if delivered(life) != (closing.kind != "voided"):
        yield closing.place, f"The message is {closing.kind} but ended otherwise."
    elif outcome is not None and outcome.delivered != (closing.kind != "voided"):
        yield closing.place, f"The message is {closing.kind} but usage was told otherwise."
    elif outcome is not None and outcome.at_ms != closing.recorded_at_ms:
        yield closing.place, f"The entry says {closing.recorded_at_ms}; its cause was at {outcome.at_ms}."
