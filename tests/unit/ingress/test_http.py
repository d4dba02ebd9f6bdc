"""HTTP itself: bodies that are too large, too slow or broken, what is not HTTP, and too many connections."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse
from structlog.testing import capture_logs

from services.ingress.limits import HttpLimits
from services.ingress.server import HELD_SECONDS_MAX, IngressServer
from tests.unit.ingress.rig import PATH, TEXT, TOKEN, Rig, assert_envelope, ingress_rig

BODY = json.dumps(TEXT).encode()
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
HASTY = HttpLimits(body_seconds_max=0.05, linger_seconds_max=0.05, idle_seconds_max=0.2)


def parse(raw: bytes) -> httpx.Response:
    """An answer as it came over the wire."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    return httpx.Response(int(status.split(" ")[1]), headers=headers, content=body)  # type: ignore[arg-type]


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_body_at_the_limit_and_above() -> None:
    async with ingress_rig(HttpLimits(body_bytes_max=1000)) as rig:
        for size, status in ((1000, 200), (1001, 413)):
            padded = BODY + b" " * (size - len(BODY))
            for content in (padded, chunks(padded), chunks(padded[:500], padded[500:])):
                response = await rig.post(content=content)
                assert response.status_code == status
                if status != 200:
                    assert_envelope(response, 413, 100)


async def send_for_ever(writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while True:
            writer.write(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
            await writer.drain()


async def test_a_body_that_never_ends_is_too_large_and_cut_off() -> None:
    async with ingress_rig(HttpLimits(linger_seconds_max=0.05)) as rig, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        sending = asyncio.create_task(send_for_ever(writer))
        head = await reader.readuntil(b"\r\n\r\n")
        length = parse(head).headers["content-length"]
        assert_envelope(parse(head + await reader.readexactly(int(length))), 413, 100)
        await sending  # ends by itself: the server hangs up
        writer.close()


async def test_an_announced_giant_is_refused_before_it_is_sent() -> None:
    async with ingress_rig(HASTY) as rig:
        assert_envelope(parse(await rig.raw(HEAD + b"Content-Length: 99999999999\r\n\r\n")), 413, 100)


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 100\r\n\r\n",
        b"Content-Length: 100\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
)
async def test_a_body_that_stops_is_too_slow(sent: bytes) -> None:
    async with ingress_rig(HASTY) as rig:
        assert_envelope(parse(await rig.raw(HEAD + sent)), 408, 100)
        assert rig.written.records == []


async def test_a_head_that_stops_is_closed() -> None:
    async with ingress_rig(HASTY) as rig:
        assert await rig.raw(HEAD) == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}}}}\r\n0\r\n\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
async def test_a_broken_body(sent: bytes) -> None:
    async with ingress_rig(HASTY) as rig:
        assert_envelope(parse(await rig.raw(HEAD + b"Connection: close\r\n" + sent)), 400, 100)


async def test_a_compressed_body_is_refused_unopened(ingress: Rig) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": "gzip"}
    response = await ingress.post(content=gzip.compress(b" " * 10_000_000), headers=headers)
    assert_envelope(response, 400, 100)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: five\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"X: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"X: 1\r\n" * 500 + b"\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b"Idempotency-Key: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
async def test_what_is_not_http(sent: bytes) -> None:
    async with ingress_rig(HASTY) as rig:
        assert_envelope(parse(await rig.raw(sent)), 400, 100)


@pytest.mark.parametrize("value", [b"", b" ", b"\t", b"a b", b"\xff"])
async def test_an_idempotency_key_in_raw_bytes(value: bytes) -> None:
    async with ingress_rig(HASTY) as rig:
        lines = (
            b"Connection: close\r\nIdempotency-Key: " + value + b"\r\nContent-Length: %d\r\n\r\n" % len(BODY)
        )
        assert_envelope(parse(await rig.raw(HEAD + lines + BODY)), 400, 100)


async def test_an_absolute_request_target(ingress: Rig) -> None:
    head = HEAD.replace(PATH.encode(), b"http://x" + PATH.encode())
    raw = await ingress.raw(head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert parse(raw).status_code == 200


async def test_a_client_that_waits_to_be_told_to_go_on(ingress: Rig) -> None:
    head = HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    reader, writer = await asyncio.open_connection("127.0.0.1", ingress.port)
    writer.write(head)
    async with asyncio.timeout(5):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert parse(await reader.read()).status_code == 200
    writer.close()


async def test_a_request_to_become_another_protocol_is_a_request(ingress: Rig) -> None:
    lines = b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    reader, writer = await asyncio.open_connection("127.0.0.1", ingress.port)
    writer.write(HEAD + lines + BODY)
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert head.split(b" ")[1] in {b"200", b"400"}


async def test_requests_sent_ahead_are_answered_in_order(ingress: Rig) -> None:
    one = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    last = HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
    raw = await ingress.raw(one * 5 + last)
    statuses = [part.split(b" ")[0] for part in raw.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200"] * 5 + [b"400"]


async def test_a_connection_outlives_refusals(ingress: Rig) -> None:
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(base_url=ingress.client.base_url, limits=limits) as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.post(PATH, headers=headers, content=b"{")).status_code == 400
        assert (await client.get(PATH)).status_code == 405
        assert (await client.post("/nowhere", json=TEXT)).status_code == 404
        assert (await client.post(PATH, json=TEXT)).status_code == 401
        assert (await client.post(PATH, headers=headers, json=TEXT)).status_code == 200


async def test_too_many_connections_are_turned_away_and_later_let_in() -> None:
    async with ingress_rig(HttpLimits(connections_max=2)) as rig:
        held = [await asyncio.open_connection("127.0.0.1", rig.port) for _ in range(2)]
        for _, writer in held:
            writer.write(b"POST")  # each has been accepted once the next is refused
        response = await rig.post(TEXT)
        assert response.status_code == 503
        assert response.json()["error"]["code"] == 131016
        assert response.headers["retry-after"] == "1"
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(5):
            while (await rig.post(TEXT)).status_code != 200:
                pass


async def test_of_those_turned_away_only_some_are_told_so() -> None:
    async with ingress_rig(HttpLimits(connections_max=1, turned_away_max=3)) as rig:
        _, held = await asyncio.open_connection("127.0.0.1", rig.port)
        await rig.raw(HEAD)  # turned away, so the one before it has been let in
        answers = await asyncio.gather(*(rig.raw(HEAD) for _ in range(20)), return_exceptions=True)
        told = [answer for answer in answers if isinstance(answer, bytes) and answer]
        assert len(told) == 3
        assert all(parse(answer).status_code == 503 for answer in told)
        held.close()
        await held.wait_closed()
        async with asyncio.timeout(5):
            while (await rig.post(TEXT)).status_code != 200:
                pass


@pytest.mark.parametrize(
    ("room", "expected"),
    [(5_248, (4_096, 128, 1_024)), (100_000, (4_096, 128, 1_024)), (768, (576, 96, 96)), (1, (1, 0, 1))],
)
def test_descriptors_are_shared_out(room: int, expected: tuple[int, int, int]) -> None:
    limits = HttpLimits().within(lambda wanted: min(wanted, room))
    assert (limits.connections_max, limits.turned_away_max, limits.backlog) == expected


async def test_who_does_not_wait_is_made_to_and_nobody_else() -> None:
    async with ingress_rig(rate=1) as rig:
        hasty = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(
            base_url=str(rig.client.base_url), limits=hasty, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as client:
            statuses = [(await client.post(PATH, json=TEXT)).status_code for _ in range(3)]
            assert statuses == [200, 429, 429]
            loop = asyncio.get_running_loop()
            began = loop.time()
            held = asyncio.create_task(client.post(PATH, json=TEXT))
            assert (await rig.post(TEXT)).status_code == 429
            assert not held.done(), "another connection is answered at once"
            assert (await held).status_code == 429
            assert loop.time() - began > HELD_SECONDS_MAX / 2
            rig.seconds += 1
            async with asyncio.timeout(5):
                assert (await client.post(PATH, json=TEXT)).status_code == 200
            assert (await client.post(PATH, json=TEXT)).status_code == 429, "counted from anew"


async def test_a_client_that_leaves_does_no_harm(ingress: Rig) -> None:
    for sent in (HEAD, HEAD + b"Content-Length: 100\r\n\r\n{", HEAD + b"Content-Length: 2\r\n\r\n{}"):
        _, writer = await asyncio.open_connection("127.0.0.1", ingress.port)
        writer.write(sent)
        writer.transport.abort()
    assert (await ingress.post(TEXT)).status_code == 200


async def test_what_nobody_caught_is_answered_in_the_envelope_and_logged() -> None:
    async def broken(_: BaseRequest) -> StreamResponse:
        raise ZeroDivisionError

    loop = asyncio.get_running_loop()
    server = await loop.create_server(IngressServer(broken, HttpLimits()), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx.AsyncClient() as client:
        with capture_logs() as logs:
            answer = await client.get(f"http://127.0.0.1:{port}/")
    assert_envelope(answer, 500, 131000)
    (logged,) = logs
    assert (logged["event"], logged["fbtrace_id"]) == ("unexpected error", answer.headers["x-fb-trace-id"])
    assert isinstance(logged["exc_info"], ZeroDivisionError)
