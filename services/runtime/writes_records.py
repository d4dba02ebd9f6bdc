"""What is wanted of a `RecordWriter` by those who write with it."""

from typing import Protocol

from google.protobuf.message import Message

from services.contracts.catalogue import Topic


class WritesRecords(Protocol):
    """Writes one record at a time to the partition that its key places it in."""

    async def write(
        self,
        topic: Topic,
        key: bytes,
        event: Message,
        kind: str,
        /,
        *,
        message_id: str = "",
        conversation: bytes = b"",
        traceparent: bytes | None = None,
    ) -> None:
        """Return once the broker has acknowledged; raise NotWritten or WriteUnknown."""
