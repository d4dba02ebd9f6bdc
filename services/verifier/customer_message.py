"""All that the topics say about one message of a customer."""

from dataclasses import dataclass
from typing import ClassVar

from services.verifier.records import Place

STILL = "still"
"""A message that is not newer than the last one moves no window."""


@dataclass(slots=True)
class CustomerMessage:
    """A customer's message, in intake and in screened."""

    KEPT_WHEN_SETTLED: ClassVar = ("settled", "message_id", "received_at_ms")

    settled: bool = False
    """Judged: what comes now is one too many, or much later. (First, so that the bytes begin with it.)"""
    message_id: str = ""
    conversation: str = ""
    touched: int = 0
    received: Place | None = None
    received_at_ms: int = 0
    """Record time in intake."""
    passes: bool = False
    """Whether it must be in screened; a blocked business sees nothing."""
    passes_known: bool = False
    said: str = ""
    """Number, time and entry point, as intake has them."""
    screened: Place | None = None
    screened_as: str = ""
    """The same, as screened has them."""

    word: int = 0
    """1 for a STOP word, 2 for a START word."""
    moved: str = ""
    """The window that it opens or continues; :data:`STILL` for none; empty where that cannot be known."""
    shown: Place | None = None
    """In inbox."""
    shown_as: str = ""
    """Number, time and entry point, as inbox has them."""
    confirmed: Place | None = None
    """The preference in inbox."""
    confirmed_as: int = 0
    """Which word that says."""
    window: Place | None = None
    """In windows, where it opened or continued one."""
    window_as: str = ""
    """That window, as windows has it."""

    @property
    def places(self) -> list[Place]:
        """Where it has been seen beside intake."""
        seen = (self.screened, self.shown, self.confirmed, self.window)
        return [place for place in seen if place is not None]

    def begin_anew(self) -> None:
        """So much time has passed that a message of this id is another one."""
        fresh = CustomerMessage(message_id=self.message_id, touched=self.touched)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))
