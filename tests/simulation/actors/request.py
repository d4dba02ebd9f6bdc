"""What a business asks to send."""

from typing import NamedTuple

from parley.settings.v1.settings_pb2 import PhoneNumber
from tests.simulation.scenario import Customer, conversation


class Request(NamedTuple):
    """One request to send, as a client repeats it."""

    sender: PhoneNumber
    customer: Customer
    category: str
    content: bytes
    ttl_ms: int
    idempotency_key: str | None

    @property
    def conversation(self) -> bytes:
        """The conversation that it belongs to."""
        return conversation(self.sender.business_id, self.customer)

    def __str__(self) -> str:
        key = f" key {self.idempotency_key}" if self.idempotency_key else ""
        return (
            f"{self.category} from {self.sender.phone_number_id[-1]} to {self.customer.number}, "
            f"ttl {self.ttl_ms / 1_000:g} s,{key or ' no key'}"
        )
