"""One update on its way: what it carries, where it stands, and who is told when it is settled."""

from collections.abc import Callable


class Errand:
    """Settled once: when the endpoint took the update, when it lies in a retry tier, or nobody wants it."""

    __slots__ = (
        "account_id",
        "body",
        "conversation",
        "first_tried_at_ms",
        "message_id",
        "offered_at",
        "recorded_at_ms",
        "settled",
        "traceparent",
        "tries",
    )

    def __init__(
        self,
        account_id: str,
        conversation: bytes,
        message_id: str,
        body: bytes,
        settled: Callable[[], None],
        *,
        recorded_at_ms: int = 0,
        traceparent: bytes | None = None,
        tries: int = 0,
        first_tried_at_ms: int = 0,
    ) -> None:
        """`recorded_at_ms` is the time of the event's record; `tries` and `first_tried_at_ms` of a retry."""
        self.account_id = account_id
        self.conversation = conversation
        self.message_id = message_id
        self.body = body
        self.settled = settled
        self.recorded_at_ms = recorded_at_ms
        self.traceparent = traceparent
        self.tries = tries
        self.first_tried_at_ms = first_tried_at_ms
        self.offered_at = 0.0
        """When its endpoint was given it, in the event loop's time."""
