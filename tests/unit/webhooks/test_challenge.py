"""How an endpoint proves that it wants updates."""

import asyncio

import pytest

from services.delivery.webhooks.challenge import NotVerified, verify_endpoint
from tests.unit.webhooks.courier_rig import (
    endless_body,
    silent,
    status,
)
from tests.unit.webhooks.endpoint_rig import OK, Answer, Post, says, told_endpoint


async def _challenge(post: Post, writer: asyncio.StreamWriter) -> None:
    query = dict(part.split("=") for part in post.request_line.split(" ")[1].split("?")[1].split("&"))
    good = query["hub.mode"] == "subscribe" and query["hub.verify_token"] == "let%26me+in"
    body = query["hub.challenge"].encode() if good else b""
    head = f"HTTP/1.1 {'200 OK' if good else '403 Forbidden'}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


async def test_an_endpoint_proves_itself_by_the_challenge() -> None:
    async with told_endpoint(_challenge) as endpoint:
        await verify_endpoint(f"http://127.0.0.1:{endpoint.port}/hook", "let&me in", allow_private=True)
        with pytest.raises(NotVerified, match="403"):
            await verify_endpoint(f"http://127.0.0.1:{endpoint.port}/hook", "wrong", allow_private=True)
    assert [post.body for post in endpoint.posts] == [b"", b""]


@pytest.mark.parametrize(
    ("answer", "says_why", "seconds"),
    [
        (says(OK), "not the value of hub.challenge", 10),
        (status("302 Found", "Location: http://127.0.0.1/"), "302", 10),
        (silent, "in time", 0.3),
        (endless_body, "not the value of hub.challenge", 10),
    ],
)
async def test_an_endpoint_that_does_not_prove_itself(answer: Answer, says_why: str, seconds: float) -> None:
    async with told_endpoint(answer) as endpoint:
        with pytest.raises(NotVerified, match=says_why):
            await verify_endpoint(
                f"http://127.0.0.1:{endpoint.port}/", "token", allow_private=True, timeout_seconds=seconds
            )


async def test_the_challenge_goes_to_no_private_address() -> None:
    async with told_endpoint(_challenge) as endpoint:
        with pytest.raises(NotVerified, match="must begin with https"):
            await verify_endpoint(f"http://127.0.0.1:{endpoint.port}/", "token", allow_private=False)
        with pytest.raises(NotVerified, match="not on the public Internet"):
            await verify_endpoint(f"https://127.0.0.1:{endpoint.port}/", "token", allow_private=False)
    assert endpoint.connections == 0
