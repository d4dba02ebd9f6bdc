"""Reading a request's body: bounded in bytes, in time, and in how many are awaited at once."""

import asyncio

from aiohttp import hdrs
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest

from services.ingress.errors import ApiError, body_too_large, body_too_slow, invalid_parameter, overloaded
from services.ingress.limits import RETRY_AFTER_OVERLOAD_SECONDS, HttpLimits

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyReader:
    """Reads bodies within the limits of one server."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._awaited = 0

    @property
    def awaited(self) -> int:
        """Bodies that are being received now."""
        return self._awaited

    async def read(self, request: BaseRequest) -> bytes:
        """The whole body. Raises ``ApiError``: 413, 408, 503 when too many are awaited, 400 when broken.

        A ``ConnectionError`` of a client that went away passes through.
        """
        limits = self._limits
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
            raise invalid_parameter("Content-Encoding is not offered: send the body uncompressed.")
        if (request.content_length or 0) > limits.body_bytes_max:
            raise body_too_large(limits.body_bytes_max)
        content = request.content
        if content.is_eof() and content.exception() is None:
            body = content.read_nowait(-1)
            if len(body) > limits.body_bytes_max:
                raise body_too_large(limits.body_bytes_max)
            return body
        if self._awaited >= limits.bodies_awaited_max:
            raise overloaded(
                "Too many requests are being received: send again.", RETRY_AFTER_OVERLOAD_SECONDS
            )
        self._awaited += 1
        try:
            return await self._receive(request)
        finally:
            self._awaited -= 1

    async def _receive(self, request: BaseRequest) -> bytes:
        limits = self._limits
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(limits.body_seconds_max):
                if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
                    await request.writer.write(_CONTINUE)
                    request.writer.output_size = 0
                while chunk := await request.content.readany():
                    size += len(chunk)
                    if size > limits.body_bytes_max:
                        raise body_too_large(limits.body_bytes_max)
                    chunks.append(chunk)
        except TimeoutError:
            raise body_too_slow(limits.body_seconds_max) from None
        except (RequestPayloadError, HttpProcessingError):
            raise _broken() from None
        return b"".join(chunks)


def _broken() -> ApiError:
    return invalid_parameter("The request body does not follow HTTP: its chunks are broken.")
