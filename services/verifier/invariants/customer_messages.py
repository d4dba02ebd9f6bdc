"""Invariants 1 and 4, their ground: what a customer wrote is in screened, inbox and windows, as in intake."""

from collections.abc import Iterator

from services.verifier.customer_message import STILL, CustomerMessage
from services.verifier.findings import Judgement
from services.verifier.known import Known
from services.verifier.records import Place

Wrong = Iterator[tuple[int, Place, str]]


def judged(message: CustomerMessage, known: Known) -> Judgement:
    """Compare what a window rests on, and what the business is shown, with what the customer wrote."""
    judgement = Judgement()
    judgement.wrong += list(_wrong(message, known))
    (judgement.checked if message.received is not None else judgement.unchecked).append(4)
    return judgement


def settled(message: CustomerMessage, known: Known) -> bool:
    """Whether nothing more is to come of it."""
    if message.received is None:
        return not _intake_kept(message, known)
    if message.passes_known and not message.passes:
        return True
    if message.screened is None:
        return False
    return not any(True for _ in _missing(message, message.screened, known))


def _wrong(message: CustomerMessage, known: Known) -> Wrong:
    received, screened = message.received, message.screened
    if received is None:
        if _intake_kept(message, known) and message.places:
            yield 4, message.places[0], "The customer never wrote this: intake has no such message."
    elif message.passes_known and not message.passes:
        if message.places:
            yield 4, message.places[0], "A blocked business was shown the customer's message."
    elif screened is not None:
        if message.screened_as != message.said:
            yield 4, screened, "The message is not what the customer wrote in intake."
        yield from _missing(message, screened, known)
        yield from _shown_otherwise(message)
    elif message.places and known.in_view.kept("screened", received.partition, message.received_at_ms):
        yield 4, received, f"The customer's message is in {message.places[0].topic} but not in screened."
    elif message.passes and message.passes_known and known.progress.passed(received):
        yield 4, received, "The customer's message was lost: it is not in screened."


def _missing(message: CustomerMessage, screened: Place, known: Known) -> Wrong:
    """What must have been written with the message in screened, or because of it."""

    def kept(topic: str) -> bool:
        return known.in_view.kept(topic, screened.partition, message.received_at_ms)

    if message.shown is None and kept("inbox"):
        yield 1, screened, "The business was not shown the customer's message: it is not in inbox."
    if message.word and message.confirmed is None and kept("inbox"):
        yield 1, screened, "The business was not told what the customer prefers: inbox does not say it."
    if message.window is None and message.moved not in ("", STILL) and kept("windows"):
        yield 4, screened, "The message moved a window, but windows does not say so."


def _shown_otherwise(message: CustomerMessage) -> Wrong:
    if message.shown is not None and message.shown_as != message.said:
        yield 1, message.shown, "The business was shown another message than the customer wrote in intake."
    if message.confirmed is not None and message.confirmed_as != message.word:
        yield 1, message.confirmed, "The customer did not say so: intake has another word, or none."
    if message.window is not None and message.moved not in ("", message.window_as):
        yield 4, message.window, "The window is not the one that the customer's messages in screened make."


def _intake_kept(message: CustomerMessage, known: Known) -> bool:
    return known.in_view.whole("intake", known.conversation_partition(message.conversation))
