"""Which messages, notices and read marks wait for which customer: ids only, as the outbox has them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet


class Waiting:
    """The outbox without its contents, by customer and conversation."""

    def __init__(self) -> None:
        self._customers: dict[str, dict[bytes, set[str]]] = {}
        self.count = 0
        """How many wait, of all customers."""

    def add(self, user_ref: str, conversation: bytes, name: str) -> None:
        """An attempt was emitted. Adding it again changes nothing."""
        names = self._customers.setdefault(user_ref, {}).setdefault(conversation, set())
        self.count += name not in names
        names.add(name)

    def end(self, user_ref: str, name: str) -> bytes | None:
        """``name`` waits no longer; returns its conversation, None where it did not wait."""
        conversations = self._customers.get(user_ref, {})
        for conversation, names in conversations.items():
            if name in names:
                names.remove(name)
                self.count -= 1
                if not names:
                    del conversations[conversation]
                if not conversations:
                    del self._customers[user_ref]
                return conversation
        return None

    def of(self, user_ref: str) -> Mapping[bytes, AbstractSet[str]]:
        """What waits for a customer now, by conversation."""
        return self._customers.get(user_ref, {})
