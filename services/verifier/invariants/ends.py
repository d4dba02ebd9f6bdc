"""How a message ended, by whichever record says so."""

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
