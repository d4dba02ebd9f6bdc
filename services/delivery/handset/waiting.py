"""Which messages, notices and read marks wait for which customer: ids and traces, as the outbox has them."""

from collections.abc import Collection, Mapping


class Waiting:
    """The outbox without its contents, by customer and conversation."""

    def __init__(self) -> None:
        self._customers: dict[str, dict[bytes, dict[str, bytes | None]]] = {}
        self.count = 0
        """How many wait, of all customers."""

    def add(self, user_ref: str, conversation: bytes, name: str, traceparent: bytes | None = None) -> None:
        """An attempt was emitted. Adding it again changes nothing."""
        names = self._customers.setdefault(user_ref, {}).setdefault(conversation, {})
        self.count += name not in names
        names[name] = traceparent

    def end(self, user_ref: str, name: str) -> bytes | None:
        """``name`` waits no longer; returns its conversation, None where it did not wait."""
        conversations = self._customers.get(user_ref, {})
        for conversation, names in conversations.items():
            if name in names:
                del names[name]
                self.count -= 1
                if not names:
                    del conversations[conversation]
                if not conversations:
                    del self._customers[user_ref]
                return conversation
        return None

    def of(self, user_ref: str) -> Mapping[bytes, Collection[str]]:
        """What waits for a customer now, by conversation."""
        return self._customers.get(user_ref, {})

    def traceparent(self, user_ref: str, conversation: bytes, name: str) -> bytes | None:
        """Of the newest attempt; None where it has none, or does not wait."""
        return self._customers.get(user_ref, {}).get(conversation, {}).get(name)
