"""One try at an endpoint: what is posted, what counts, what is refused, and how much is read."""

import asyncio
import hashlib
import hmac

import pytest

from services.delivery.webhooks.failures import (
    BadAnswer,
    ConnectionBroke,
    EndpointFailed,
    Redirected,
    StatusRefused,
    TimedOut,
)
from services.delivery.webhooks.http_connection import BODY_BYTES_MAX, HEAD_BYTES_MAX
from tests.unit.webhooks.courier_rig import (
    BODY,
    SECRET,
    closing,
    courier,
    endless_body,
    silent,
    status,
)
from tests.unit.webhooks.endpoint_rig import OK, Answer, Post, says, told_endpoint


async def test_an_update_is_posted_signed_over_the_very_bytes() -> None:
    async with told_endpoint(says(OK)) as endpoint:
        sender = courier(endpoint.port)
        await sender.post(BODY, b"00-abc-def-01")
        sender.close()
    [post] = endpoint.posts
    assert post.request_line == "POST /hook?x=1 HTTP/1.1"
    assert post.body == BODY
    assert post.headers["Host"] == f"shop.test:{endpoint.port}"
    assert post.headers["Content-Type"] == "application/json"
    assert post.headers["traceparent"] == "00-abc-def-01"
    expected = hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()
    assert post.headers["X-Hub-Signature-256"] == f"sha256={expected}"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + OK


@pytest.mark.parametrize("answer", [OK, CHUNKED, CONTINUED, b"HTTP/1.1 204 No Content\r\n\r\n"])
async def test_a_connection_is_used_again(answer: bytes) -> None:
    async with told_endpoint(says(answer)) as endpoint:
        sender = courier(endpoint.port)
        for _ in range(3):
            await sender.post(BODY)
        sender.close()
    assert [post.connection for post in endpoint.posts] == [1, 1, 1]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(closing, id="closed after the answer, unannounced"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), id="announced"
        ),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore than asked for"), id="and garbage"
        ),
    ],
)
async def test_a_connection_that_is_no_longer_good_is_not_used(answer: Answer) -> None:
    async with told_endpoint(answer) as endpoint:
        sender = courier(endpoint.port)
        for _ in range(3):
            await sender.post(BODY)
        sender.close()
    assert len(endpoint.posts) == 3
    assert endpoint.connections == 3


async def _endless_head(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"y" * 1_000 + b"\r\n")
        await writer.drain()


async def _body_that_never_ends(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nOK")
    await writer.drain()
    await asyncio.Event().wait()


async def _hang_up(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("answer", [endless_body, _body_that_never_ends])
async def test_a_status_counts_even_if_its_answer_does_not_end(answer: Answer) -> None:
    async with told_endpoint(answer) as endpoint:
        sender = courier(endpoint.port, timeout_seconds=0.3)
        await sender.post(BODY)
        await sender.post(BODY)
        sender.close()
    assert endpoint.connections == 2, "a connection with an unfinished answer is dropped"


@pytest.mark.parametrize(
    ("answer", "failure", "says_why"),
    [
        (status("301 Moved", "Location: http://127.0.0.1/elsewhere"), Redirected, "not followed"),
        (status("307 Temporary", "Location: /"), Redirected, "307"),
        (status("500 Internal Server Error"), StatusRefused, "500"),
        (status("404 Not Found"), StatusRefused, "404"),
        (silent, TimedOut, "in time"),
        (_hang_up, ConnectionBroke, "without an answer"),
        (_endless_head, BadAnswer, "head"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), BadAnswer, "not HTTP"),
        (says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"), EndpointFailed, "."),
    ],
)
async def test_what_is_not_taken(answer: Answer, failure: type[EndpointFailed], says_why: str) -> None:
    async with told_endpoint(answer) as endpoint:
        sender = courier(endpoint.port, timeout_seconds=0.3 if failure is TimedOut else 10)
        with pytest.raises(failure, match=says_why):
            await sender.post(BODY)
        sender.close()


async def test_a_redirect_is_not_followed() -> None:
    async with told_endpoint(says(OK)) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/"
        async with told_endpoint(status("302 Found", location)) as endpoint:
            sender = courier(endpoint.port)
            with pytest.raises(Redirected):
                await sender.post(BODY)
            sender.close()
    assert elsewhere.connections == 0


async def test_little_more_than_the_bound_is_read_of_an_endless_answer() -> None:
    written = 0

    async def count(_: Post, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 4_096)
            await writer.drain()
            written += 4_096

    async with told_endpoint(count) as endpoint:
        sender = courier(endpoint.port)
        await sender.post(BODY)
        sender.close()
    in_the_kernel_and_one_read = 16 * 1024 * 1024
    assert written < HEAD_BYTES_MAX + BODY_BYTES_MAX + in_the_kernel_and_one_read


async def test_a_trace_that_would_end_the_line_is_left_out() -> None:
    async with told_endpoint(says(OK)) as endpoint:
        sender = courier(endpoint.port)
        await sender.post(BODY, b"00-a\r\nX-Evil: 1")
        sender.close()
    assert "traceparent" not in endpoint.posts[0].headers
    assert "X-Evil" not in endpoint.posts[0].headers
