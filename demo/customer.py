"""A customer's phone: a client of the handset channel that acknowledges what it is shown."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import aiohttp

Frame = dict[str, Any]


@dataclass
class Phone:
    """One customer's device. It confirms and reads each message as soon as it arrives, as phones do."""

    name: str
    number: str
    url: str
    token: str
    frames: list[Frame] = field(default_factory=list)
    """Everything the platform has sent, in order."""

    async def __aenter__(self) -> Self:
        self._news = asyncio.Condition()
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(
            f"{self.url}?token={self.token}", protocols=["parley.handset.v1"]
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await self._reader
        await self._session.close()

    async def writes(self, to: str, text: str, *, at: int | None = None) -> Frame:
        """Write to a business's ``phone_number_id``; returns the ``accepted`` frame.

        ``at`` dates the message (Unix seconds), which handsets may do where the platform lets them.
        """
        client_id = str(uuid4())
        content = {"type": "text", "text": {"body": text}}
        frame = {"type": "message", "client_id": client_id, "to": to, "content": content}
        await self._socket.send_json(frame if at is None else frame | {"timestamp": at})
        return await self.sees(type="accepted", client_id=client_id)

    async def sees(self, **expected: object) -> Frame:
        """The first frame with these members, waiting for it at most 20 seconds.

        Raises ``TimeoutError``.
        """
        async with asyncio.timeout(20), self._news:
            while True:
                for frame in self.frames:
                    if all(frame.get(name) == value for name, value in expected.items()):
                        return frame
                await self._news.wait()

    async def _read(self) -> None:
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame["type"] == "message":
                for status in ("delivered", "read"):
                    await self._socket.send_json({"type": "ack", "id": frame["id"], "status": status})
            async with self._news:
                self.frames.append(frame)
                self._news.notify_all()
