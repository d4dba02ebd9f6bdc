"""One try at an endpoint that behaves badly: what counts, what is refused, and how much is read."""

import asyncio
import datetime
import hashlib
import hmac
import resource
import socket
import ssl
from pathlib import Path

import pytest

from deploy.kafka.certificates import issue
from services.delivery.webhooks.address_guard import Permits, guard, is_public
from services.delivery.webhooks.challenge import NotVerified, verify_endpoint
from services.delivery.webhooks.connections import Connections
from services.delivery.webhooks.courier import Courier
from services.delivery.webhooks.failures import (
    AddressRefused,
    BadAnswer,
    ConnectionBroke,
    EndpointFailed,
    NoLookupLeft,
    NoSocketLeft,
    Redirected,
    StatusRefused,
    TimedOut,
    Unconnectable,
    Unresolvable,
)
from services.delivery.webhooks.http_connection import BODY_BYTES_MAX, HEAD_BYTES_MAX, tls_context
from services.delivery.webhooks.resolver import Resolve
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.target import parse_target
from tests.unit.webhook_endpoint_rig import OK, Answer, Post, says, told_endpoint

SECRET = b"app secret"
ANYWHERE = guard(allow_private=True)
BODY = '{"text":"Grüße"}'.encode()


def answers(*rounds: list[str]) -> Resolve:
    """A resolver that gives another answer each time; the last one stays."""
    left = list(rounds)

    async def resolve(_: str, __: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def courier(
    port: int,
    *,
    permits: Permits = ANYWHERE,
    host: str = "shop.test",
    resolve: Resolve | None = None,
    timeout_seconds: float = 5,
    sockets: Sockets | None = None,
    addresses_kept_seconds: float = 30,
) -> Courier:
    target = parse_target(f"http://{host}:{port}/hook?x=1", allow_http=True)
    connections = Connections(
        target,
        resolve or answers(["127.0.0.1"]),
        tls_context(),
        permits,
        sockets or Sockets(100),
        addresses_kept_seconds,
    )
    return Courier(target, SECRET, connections, timeout_seconds)


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


async def _close(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_close, id="closed after the answer, unannounced"),
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


async def _endless_body(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def _endless_head(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"y" * 1_000 + b"\r\n")
        await writer.drain()


async def _silent(_: Post, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _body_that_never_ends(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nOK")
    await writer.drain()
    await asyncio.Event().wait()


async def _hang_up(_: Post, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize("answer", [_endless_body, _body_that_never_ends])
async def test_a_status_counts_even_if_its_answer_does_not_end(answer: Answer) -> None:
    async with told_endpoint(answer) as endpoint:
        sender = courier(endpoint.port, timeout_seconds=0.3)
        await sender.post(BODY)
        await sender.post(BODY)
        sender.close()
    assert endpoint.connections == 2, "a connection with an unfinished answer is dropped"


def status(line: str, *more: str) -> Answer:
    return says("\r\n".join([f"HTTP/1.1 {line}", *more, "Content-Length: 0", "", ""]).encode())


@pytest.mark.parametrize(
    ("answer", "failure", "says_why"),
    [
        (status("301 Moved", "Location: http://127.0.0.1/elsewhere"), Redirected, "not followed"),
        (status("307 Temporary", "Location: /"), Redirected, "307"),
        (status("500 Internal Server Error"), StatusRefused, "500"),
        (status("404 Not Found"), StatusRefused, "404"),
        (_silent, TimedOut, "in time"),
        (_hang_up, ConnectionBroke, "without an answer"),
        (_endless_head, BadAnswer, "head"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), BadAnswer, "not HTTP"),
        (says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"), EndpointFailed, "."),
    ],
)
async def test_what_is_not_taken(answer: Answer, failure: type[EndpointFailed], says_why: str) -> None:
    async with told_endpoint(answer) as endpoint:
        sender = courier(endpoint.port, timeout_seconds=0.3)
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


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::ffff:127.0.0.1]", "0", "127.1", "0x7f000001", "2130706433"]
)
async def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    async def system(name: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]

    async with told_endpoint(says(OK)) as endpoint:
        sender = courier(endpoint.port, permits=is_public, host=host, resolve=system)
        with pytest.raises(AddressRefused, match="PARLEY_WEBHOOK_ALLOW_PRIVATE"):
            await sender.post(BODY)
    assert endpoint.connections == 0


async def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    """DNS rebinding: what is connected to is the address that was checked, never the name's next answer."""
    async with (
        told_endpoint(_close, "127.0.0.2") as outside,
        told_endpoint(says(OK), "127.0.0.1", outside.port) as inside,
    ):
        sender = courier(
            outside.port,
            permits=lambda address: address == "127.0.0.2",
            resolve=answers(["127.0.0.1", "127.0.0.2"], ["127.0.0.1"]),
        )
        await sender.post(BODY)
        await sender.post(BODY)
        outside.stop()
        with pytest.raises(Unconnectable):
            await sender.post(BODY)
        with pytest.raises(AddressRefused):
            await sender.post(BODY)
    assert len(outside.posts) == 2
    assert inside.connections == 0


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with told_endpoint(says(OK)) as endpoint:
        sender = courier(endpoint.port, resolve=answers(["127.0.0.2", "127.0.0.1"]))
        await sender.post(BODY)
        sender.close()
    assert len(endpoint.posts) == 1


async def test_no_more_sockets_than_there_may_be() -> None:
    sockets = Sockets(2)
    async with told_endpoint(_silent) as endpoint:
        senders = [courier(endpoint.port, sockets=sockets, timeout_seconds=0.3) for _ in range(3)]
        outcomes = await asyncio.gather(*(sender.post(BODY) for sender in senders), return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == [
            "NoSocketLeft",
            "TimedOut",
            "TimedOut",
        ]
        endpoint.answer = says(OK)
        await senders[2].post(BODY)
        with pytest.raises(Unconnectable):
            await courier(1, sockets=sockets).post(BODY)
        await senders[1].post(BODY)
        await senders[0].post(BODY)
        assert endpoint.connections == 5, "the connection that was idle for longest made room"
        for sender in senders:
            sender.close()


async def test_what_the_system_lacks_is_not_the_endpoints_failure() -> None:
    sender = courier(9, resolve=answers(["127.0.0.1"]))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(NoSocketLeft, match="limits say how many"):
            await sender.post(BODY)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_a_trace_that_would_end_the_line_is_left_out() -> None:
    async with told_endpoint(says(OK)) as endpoint:
        sender = courier(endpoint.port)
        await sender.post(BODY, b"00-a\r\nX-Evil: 1")
        sender.close()
    assert "traceparent" not in endpoint.posts[0].headers
    assert "X-Evil" not in endpoint.posts[0].headers


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A directory with an authority, and the key and certificate of a server called localhost."""
    issue(tmp_path / "ca.pem", tmp_path / "server.pem", datetime.datetime.now(datetime.UTC))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "authority", "failure"),
    [
        pytest.param("localhost", "ca.pem", None, id="as it should be"),
        pytest.param("shop.test", "ca.pem", "Hostname mismatch", id="another's certificate"),
        pytest.param("localhost", None, "certificate verify failed", id="an unknown authority"),
    ],
)
async def test_tls_is_verified(
    certificates: Path, name: str, authority: str | None, failure: str | None
) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates / "server.pem")
    client = tls_context(str(certificates / authority) if authority else None)
    async with told_endpoint(says(OK), tls=server) as endpoint:
        target = parse_target(f"https://{name}:{endpoint.port}/", allow_http=False)
        connections = Connections(target, answers(["127.0.0.1"]), client, ANYWHERE, Sockets(1))
        sender = Courier(target, SECRET, connections, timeout_seconds=5)
        for _ in range(2):
            if failure is None:
                await sender.post(BODY)
            else:
                with pytest.raises(Unconnectable, match=failure):
                    await sender.post(BODY)
        sender.close()
    assert len(endpoint.posts) == (2 if failure is None else 0)


async def test_nobody_listens() -> None:
    async with told_endpoint(says(OK)) as endpoint:
        port = endpoint.port
    with pytest.raises(Unconnectable, match=r"no connection to shop\.test"):
        await courier(port).post(BODY)


async def test_a_name_without_an_address() -> None:
    async def unknown(_: str, __: int) -> list[str]:
        raise socket.gaierror("Name or service not known")

    with pytest.raises(Unresolvable, match="has no address"):
        await courier(1, resolve=unknown).post(BODY)


async def test_known_addresses_are_used_while_nothing_can_be_looked_up() -> None:
    async def resolve(_: str, __: int) -> list[str]:
        if endpoint.posts:
            raise NoLookupLeft("64 names are being looked up, and none is answered for")
        return ["127.0.0.1"]

    async with told_endpoint(_close) as endpoint:
        sender = courier(endpoint.port, resolve=resolve, addresses_kept_seconds=0)
        for _ in range(3):
            await sender.post(BODY)
        with pytest.raises(NoLookupLeft):
            await courier(endpoint.port, resolve=resolve).post(BODY)
    assert len(endpoint.posts) == 3


async def test_a_name_that_is_never_answered_holds_the_try_no_longer_than_its_time() -> None:
    async def never(_: str, __: int) -> list[str]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Unconnectable, match="in time"):
        await courier(1, resolve=never, timeout_seconds=0.1).post(BODY)


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
    ("answer", "says_why"),
    [
        (says(OK), "not the value of hub.challenge"),
        (status("302 Found", "Location: http://127.0.0.1/"), "302"),
        (_silent, "in time"),
        (_endless_body, "not the value of hub.challenge"),
    ],
)
async def test_an_endpoint_that_does_not_prove_itself(answer: Answer, says_why: str) -> None:
    async with told_endpoint(answer) as endpoint:
        with pytest.raises(NotVerified, match=says_why):
            await verify_endpoint(
                f"http://127.0.0.1:{endpoint.port}/", "token", allow_private=True, timeout_seconds=0.3
            )


async def test_the_challenge_goes_to_no_private_address() -> None:
    async with told_endpoint(_challenge) as endpoint:
        with pytest.raises(NotVerified, match="must begin with https"):
            await verify_endpoint(f"http://127.0.0.1:{endpoint.port}/", "token", allow_private=False)
        with pytest.raises(NotVerified, match="not on the public Internet"):
            await verify_endpoint(f"https://127.0.0.1:{endpoint.port}/", "token", allow_private=False)
    assert endpoint.connections == 0
