"""Why the handset channel refuses a frame, or stops."""

from collections.abc import Mapping


class FrameRefused(Exception):
    """A frame has no effect; the device is told why, and the connection stays."""

    def __init__(self, reason: str, echo: Mapping[str, str] | None = None) -> None:
        """``reason`` is shown to the customer's client; ``echo`` is the frame's client_id or id."""
        super().__init__(reason)
        self.reason = reason
        self.echo = dict(echo or {})


class NothingWritten(FrameRefused):
    """Kafka took nothing of it, certainly: the device may send it again as if for the first time."""


class OutboxUnreadable(Exception):
    """A record of ``outbox`` cannot be read: delivery is newer than this worker; start the newer one."""
