"""One HTTP/1.1 connection that carries one exchange at a time, and reads no more of an answer than it must.

aiohttp's client costs 59 microseconds of CPU a POST here, this one 8: at 3,000 webhooks a second that is a
fifth of a core. All that a webhook needs of an answer is its status.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

from services.delivery.webhooks.failures import BadAnswer, ConnectionBroke, EndpointFailed, TimedOut

HEAD_BYTES_MAX = 32 * 1024
BODY_BYTES_MAX = 64 * 1024
"""Longest body that is read for the sake of keeping the connection; what goes on is cut off."""
FINAL_STATUS = 200
"""Below are informational answers, after which the real one comes."""


class Answer(NamedTuple):
    """What came back. `body` is empty unless it was asked for."""

    status: int
    body: bytes


class HttpConnection(asyncio.Protocol):
    """Made by the event loop's `create_connection`; used by one caller at a time."""

    def __init__(self) -> None:
        self._ended: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._status = 0
        self._received = 0
        self._body_wanted = 0
        self._body = b""
        self._reusable = True

    @property
    def is_open(self) -> bool:
        """Whether another exchange may begin."""
        return self._transport is not None and self._reusable and self._waiter is None

    async def exchange(self, request: bytes, deadline: float, body_wanted: int = 0) -> Answer:
        """Send a whole request; return once the answer has ended, or as much of it as is read.

        `deadline` is in the loop's time. An answer whose status came, but not its end, counts as it stands.
        `body_wanted` is how many bytes of the body to keep. Raises EndpointFailed in one of its kinds.
        """
        if self._transport is None:
            raise ConnectionBroke("the endpoint closed the connection")
        self._status = self._received = 0
        self._body_wanted, self._body = body_wanted, b""
        self._waiter = self._loop.create_future()
        timer = self._loop.call_at(deadline, self._out_of_time)
        try:
            self._transport.write(request)
            return await self._waiter
        finally:
            timer.cancel()
            if self._waiter is not None:  # the caller was cancelled
                self.close()

    @property
    def heard(self) -> bool:
        """Whether anything came back in the last exchange."""
        return self._received > 0

    def when_ended(self, ended: Callable[[], None]) -> None:
        """Call `ended` once the connection has ended, or now if it has."""
        if self._transport is None:
            ended()
        else:
            self._ended = ended

    def close(self) -> None:
        """Drop the connection at once. Safe to call twice."""
        self._reusable = False
        self._waiter = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop: an answer without a length ends here."""
        self._transport = None
        if self._ended:
            self._ended()
        if self._status >= FINAL_STATUS:
            self._end(reusable=False)
        else:
            reason = f": {exc}" if exc else ""
            self._fail(ConnectionBroke(f"the endpoint closed the connection without an answer{reason}"))

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(BadAnswer(f"the endpoint's answer is not HTTP/1.1: {error}"))
            self.close()
            return
        if self._waiter is None:
            if not self._reusable:
                self.close()
        elif self._status < FINAL_STATUS:
            if self._received > HEAD_BYTES_MAX:
                self._fail(BadAnswer(f"the endpoint's answer has a head of more than {HEAD_BYTES_MAX} bytes"))
        elif self._received > HEAD_BYTES_MAX + BODY_BYTES_MAX:
            self._end(reusable=False)

    def on_message_begin(self) -> None:
        """Called by the parser: without a request there is nothing to answer."""
        if self._waiter is None:
            self._reusable = False

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        if len(self._body) < self._body_wanted:
            self._body = (self._body + body)[: self._body_wanted]

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._status >= FINAL_STATUS:
            self._end(reusable=self._parser.should_keep_alive())

    def _out_of_time(self) -> None:
        if self._status >= FINAL_STATUS:
            self._end(reusable=False)
        else:
            self._fail(TimedOut("the endpoint did not answer in time"))

    def _end(self, *, reusable: bool) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(Answer(self._status, self._body))
        if not reusable:
            self._reusable = False
            self.close()

    def _fail(self, failure: EndpointFailed) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(failure)
        self.close()


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Verifies names and certificates, by the system's authorities or those of a PEM file."""
    return ssl.create_default_context(cafile=ca_file)
