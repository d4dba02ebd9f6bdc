"""How a message ended, by whichever record says so."""

from services.verifier.known import Known
from services.verifier.life import MessageLife


def delivered(life: MessageLife) -> bool | None:
    """Whether the message was delivered; None while nothing says so. The business's status comes first."""
    if life.ending is not None:
        return life.ending.kind == "delivered"
    if life.outcome is not None:
        return life.outcome.delivered
    if life.closing is not None:
        return life.closing.kind != "voided"
    return None


def given_up(life: MessageLife, known: Known) -> bool:
    """Whether a stage gave up on it: each time that dispatch says so, a dead letter stands behind it."""
    if not life.failures:
        return False
    return life.failures <= known.letters[life.message_id] or not known.kept("dead-letters", life)
