"""Invariant 4, its ground: screened has each customer's message once, as intake has it, and no other."""

from services.verifier.customer_message import CustomerMessage
from services.verifier.findings import Judgement
from services.verifier.known import Known


def judged(message: CustomerMessage, known: Known) -> Judgement:
    """Compare what a window rests on with what the customer wrote."""
    judgement = Judgement()
    received, screened = message.received, message.screened
    sentence = ""
    if received is None:
        if _intake_kept(message, known):
            sentence = "The customer never wrote this: intake has no such message."
    elif screened is not None:
        if message.passes_known and not message.passes:
            sentence = "A blocked business was shown the customer's message."
        elif message.screened_as != message.said:
            sentence = "The message is not what the customer wrote in intake."
    elif message.passes and message.passes_known and known.progress.passed(received):
        sentence = "The customer's message was lost: it is not in screened."
    place = screened or received
    if sentence and place is not None:
        judgement.wrong.append((4, place, sentence))
    (judgement.checked if received is not None else judgement.unchecked).append(4)
    return judgement


def settled(message: CustomerMessage, known: Known) -> bool:
    """Whether nothing more is to come of it."""
    if message.received is None:
        return not _intake_kept(message, known)
    return message.screened is not None or (message.passes_known and not message.passes)


def _intake_kept(message: CustomerMessage, known: Known) -> bool:
    return known.in_view.whole("intake", known.conversation_partition(message.conversation))
