"""All that the topics say about one message of a customer."""

from dataclasses import dataclass
from typing import ClassVar

from services.verifier.records import Place


@dataclass(slots=True)
class CustomerMessage:
    """A customer's message, in intake and in screened."""

    KEPT_WHEN_SETTLED: ClassVar = ("settled", "message_id", "received_at_ms")

    settled: bool = False
    """Judged: what comes now is one too many, or much later. (First, so that the bytes begin with it.)"""
    message_id: str = ""
    conversation: str = ""
    round: int = 0
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

    def begin_anew(self) -> None:
        """So much time has passed that a message of this id is another one."""
        fresh = CustomerMessage(message_id=self.message_id, round=self.round, touched=self.touched)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))
