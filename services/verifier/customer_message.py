"""All that the topics say about one message of a customer."""

from dataclasses import dataclass

from services.verifier.records import Place


@dataclass(slots=True)
class CustomerMessage:
    """A customer's message, in intake and in screened."""

    settled: bool = False
    """Judged: only what must not come again is known of it. (The first field, so that it is seen at once.)"""
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

    def forget_all_but_the_time(self) -> None:
        """Judged: keep what tells that a further record is one too many."""
        fresh = CustomerMessage(message_id=self.message_id, round=self.round, touched=self.touched)
        fresh.settled, fresh.received_at_ms = True, self.received_at_ms
        self._become(fresh)

    def begin_anew(self) -> None:
        """So much time has passed that a message of this id is another one."""
        self._become(CustomerMessage(message_id=self.message_id, round=self.round, touched=self.touched))

    def _become(self, other: "CustomerMessage") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))
