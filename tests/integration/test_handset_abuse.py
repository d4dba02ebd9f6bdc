"""What devices do wrong, or on purpose: each has its answer, and costs the others nothing."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import count
from urllib.parse import urlsplit

import aiohttp
import pytest
from prometheus_client import REGISTRY

from parley.message.v1 import facts_pb2
from services.delivery.handset.limits import FRAME_BYTES_MAX, HandsetLimits
from services.identity.customer_token import customer_token
from services.identity.platform_key import PlatformKey
from services.runtime.descriptors import RESERVED
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.handset_rig import (
    DEADLINE_SECONDS,
    NUMBER,
    ROOT,
    TEXT,
    Channel,
    Customer,
    Platform,
    Seen,
    channel,
    delivery,
)

pytestmark = pytest.mark.integration

_numbers = count(16505560000)


@pytest.fixture(scope="module")
def platform(kafka: KafkaConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    made = Platform(kafka)
    with delivery(made, tmp_path_factory.mktemp("delivery")):
        yield made


@pytest.fixture
async def handset(platform: Platform) -> AsyncIterator[Channel]:
    async with channel(platform) as running:
        yield running


@pytest.fixture
def customer(platform: Platform) -> Customer:
    made = Customer(platform, str(next(_numbers)))
    made.consent(facts_pb2.CONSENT_GRANTED)
    return made


async def test_a_bad_token_is_401_at_the_handshake(handset: Channel) -> None:
    foreign = customer_token(PlatformKey.from_text(PlatformKey.generate()), "16505551234")
    for query in ("", "?token=", "?token=garbage", "?token=%C3%BC", "?token=%00", f"?token={foreign}"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await handset.session.ws_connect(handset.worker.url + query)
        assert refused.value.status == 401


async def test_what_is_no_websocket_is_refused(handset: Channel, customer: Customer) -> None:
    async with handset.session.get(f"{handset.http_url}?token={customer.token}") as answer:
        assert answer.status == 400
    async with handset.session.get(handset.http_url.replace("/handset", "/other")) as answer:
        assert answer.status == 404


async def test_garbage_is_answered_and_the_connection_stays(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as device:
        for text in ("", "garbage", "[]", "null", "[" * 60_000, '{"type":"\\ud800"}', '{"type":"ack"}'):
            await device.socket.send_str(text)
            assert (await device.next("error"))["reason"]
        await device.socket.send_bytes(b'{"type":"ack"}')
        assert "text" in (await device.next("error"))["reason"]
        await device.socket.send_frame(b'{"type":"\xff"}', aiohttp.WSMsgType.TEXT)
        assert "UTF-8" in (await device.next("error"))["reason"]
        message_id = customer.send()
        assert (await device.next("message"))["id"] == message_id


async def test_a_frame_of_the_largest_size_is_read_and_a_larger_one_closes(
    handset: Channel, customer: Customer
) -> None:
    async with handset.device(customer) as device:
        frame = {"type": "message", "client_id": "c1", "to": NUMBER, "content": TEXT, "padding": ""}
        frame["padding"] = "x" * (FRAME_BYTES_MAX - len(json.dumps(frame)))
        await device.socket.send_str(json.dumps(frame))
        await device.next("accepted")
        await device.socket.send_str(json.dumps(frame) + " ")
        assert await device.closed() == 1009


def frames_max(seconds: float) -> int:
    """How many frames may pass in so long: the burst, then the rate."""
    limits = HandsetLimits()
    return int(limits.frames_burst + limits.frames_per_second * seconds) + 1


async def test_what_is_over_the_rate_is_dropped_and_answered(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as device:
        began = time.monotonic()
        for n in range(300):
            await device.ack(f"wamid.{n}")
        answers = [await device.next("error") for _ in range(300)]
        dropped_min = 300 - frames_max(time.monotonic() - began)
        dropped = [answer["id"] for answer in answers if answer["reason"] == "rate"]
        assert [answer["id"] for answer in answers] == [f"wamid.{n}" for n in range(300)]
        assert dropped[0] == "wamid.100" or int(dropped[0].removeprefix("wamid.")) > 100
        assert len(dropped) >= dropped_min


async def test_frames_that_are_no_text_count_too(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as device:
        began = time.monotonic()
        for _ in range(300):
            await device.socket.send_bytes(b"x")
        await device.ack("wamid.1")
        reasons = [(await device.next("error"))["reason"] for _ in range(301)]
        dropped_min = 301 - frames_max(time.monotonic() - began)
    assert reasons[:100] == ["Frames must be text."] * 100
    assert reasons.count("rate") >= dropped_min


async def test_a_slow_device_is_sent_what_it_reads_and_the_rest_later_in_order(
    platform: Platform, customer: Customer
) -> None:
    limits = HandsetLimits(unsent_bytes_max=200_000, reconnect_pace_seconds=0)
    big = {"type": "text", "text": {"body": "x" * 60_000}}
    name, label = "parley_handset_attempts_total", {"verdict": "slow"}
    before = counted(name, label)
    async with channel(platform, limits) as handset, handset.device(customer) as device:
        ids = []
        async with asyncio.timeout(DEADLINE_SECONDS):
            while counted(name, label) == before:
                ids.append(await asyncio.to_thread(customer.send, content=big))
        ids.append(await asyncio.to_thread(customer.send))
        assert [(await device.next("message"))["id"] for _ in ids] == ids
        await device.nothing_more()


async def test_who_reconnects_and_acknowledges_nothing_waits_for_what_was_shown(
    platform: Platform, customer: Customer
) -> None:
    limits = HandsetLimits(reattempts_burst=5, reattempts_per_second=1e-6)
    ids = [await asyncio.to_thread(customer.send) for _ in range(3)]
    await platform.until("outbox", lambda seen: set(ids) <= attempted(seen).keys())
    async with channel(platform, limits) as handset:
        for _ in range(2):
            async with handset.device(customer) as device:
                assert [(await device.next("message"))["id"] for _ in ids] == ids
        async with handset.device(customer) as device:
            await device.nothing_more()
            await device.ack(ids[0])
            assert [(await device.next("message"))["id"] for _ in ids[1:]] == ids[1:]
    seen = await asyncio.to_thread(platform.read, "outbox")
    assert [attempted(seen)[message_id] for message_id in ids] == [3, 4, 4]


def attempted(outbox: list[Seen]) -> dict[str, int]:
    """The newest attempt of each message."""
    return {each.event.message_id: each.event.attempt for each in outbox if each.kind == "attempt_emitted"}


def counted(name: str, labels: dict[str, str]) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_full_house_is_503(platform: Platform, customer: Customer) -> None:
    other = Customer(platform, str(next(_numbers)))
    async with channel(platform, handset_connections_max=1) as handset, handset.device(customer):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await handset.session.ws_connect(f"{handset.worker.url}?token={other.token}")
        assert refused.value.status == 503


async def knock(handset: Channel, said: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket at the door that has said so much."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(handset.worker.url).port)
    writer.write(said)
    return reader, writer


async def leave(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("said", [b"", b"GET /handset?token=x HTTP/1.1\r\nHost: x\r\nX: "])
async def test_who_does_not_finish_a_handshake_is_let_go(platform: Platform, said: bytes) -> None:
    async with channel(platform, HandsetLimits(handshake_seconds_max=0.05)) as handset:
        reader, writer = await knock(handset, said)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await reader.read() == b""
        await leave(writer)


async def test_a_device_that_says_nothing_after_its_handshake_stays(
    platform: Platform, customer: Customer
) -> None:
    limits = HandsetLimits(handshake_seconds_max=0.05)
    async with channel(platform, limits) as handset, handset.device(customer) as device:
        reader, writer = await knock(handset)
        assert await asyncio.wait_for(reader.read(), DEADLINE_SECONDS) == b""
        await device.nothing_more()
        await leave(writer)


async def test_only_so_many_may_stand_at_the_door(platform: Platform, customer: Customer) -> None:
    limits = HandsetLimits(handshakes_max=2)
    async with channel(platform, limits) as handset, handset.device(customer) as device:
        standing = [await knock(handset) for _ in range(2)]
        async with asyncio.timeout(DEADLINE_SECONDS):
            reader, writer = await knock(handset)
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 503 ")
            head, _, body = answer.partition(b"\r\n\r\n")
            assert b"Content-Length: %d\r\n" % len(body) in head
            await leave(writer, *(each for _, each in standing))
        await device.nothing_more()
        async with handset.device(Customer(platform, str(next(_numbers)))) as other:
            await other.nothing_more()


async def test_a_refused_socket_is_closed(handset: Channel) -> None:
    reader, writer = await knock(handset, b"GET /handset?token=x HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
    await leave(writer)


async def test_the_house_is_as_large_as_the_descriptors_allow(platform: Platform) -> None:
    room = 3  # and one at the door
    with start(platform, RESERVED + room + 1) as process:
        try:
            url = await asyncio.to_thread(url_of, process)
            async with aiohttp.ClientSession() as session, AsyncExitStack() as devices:
                for _ in range(room):
                    token = Customer(platform, str(next(_numbers))).token
                    await devices.enter_async_context(session.ws_connect(f"{url}?token={token}"))
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(f"{url}?token={Customer(platform, str(next(_numbers))).token}")
                assert refused.value.status == 503
        finally:
            process.terminate()
            await asyncio.to_thread(process.communicate, timeout=DEADLINE_SECONDS)


def url_of(process: "subprocess.Popen[str]") -> str:
    """Where it lets devices in, once it does."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"url=(\S+)", line):
            return found[1]
    raise AssertionError("it ended before it let anybody in")


async def test_a_stop_tells_devices_to_come_again(platform: Platform, customer: Customer) -> None:
    async with channel(platform) as handset, handset.device(customer) as device:
        stopping = asyncio.create_task(handset.worker.stop())
        assert await device.closed() == 1001
        await stopping


def start(platform: Platform, open_files: int | None = None, /, **variables: str) -> "subprocess.Popen[str]":
    """The worker as a process of its own, with so many open files allowed, half of them at first."""
    environment = {
        **os.environ,
        **platform.connection.environment(),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'services' / 'contracts'}",
        "PARLEY_TOPIC_PREFIX": platform.prefix,
        "PARLEY_PLATFORM_KEY": platform.key_text,
        "PARLEY_HEALTH_PORT": "0",
        "PARLEY_HANDSET_PORT": "0",
        **variables,
    }
    command = [sys.executable, "-m", "services.delivery.handset"]
    if open_files is not None:
        limit = f'ulimit -Sn {open_files // 2} && ulimit -Hn {open_files} && exec "$@"'
        command = ["sh", "-c", limit, "limited", *command]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("variables", "status", "word"),
    [
        ({"PARLEY_HANDSET_PORT": "many"}, 78, "PARLEY_HANDSET_PORT"),
        ({"PARLEY_PLATFORM_KEY": "short"}, 78, "PARLEY_PLATFORM_KEY"),
        ({"KAFKA_BOOTSTRAP_SERVERS": "nowhere"}, 78, "KAFKA_BOOTSTRAP_SERVERS"),
        ({"PARLEY_TOPIC_PREFIX": "missing."}, 1, "parley topics create"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_one_line(
    platform: Platform, variables: dict[str, str], status: int, word: str
) -> None:
    with start(platform, **variables) as process:
        _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == status
    assert len(errors.splitlines()) == 1
    assert word in errors


def test_it_waits_visibly_for_a_broker_and_leaves_on_sigterm(platform: Platform) -> None:
    with start(platform, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1") as process:
        assert process.stderr is not None
        assert "waiting for Kafka" in process.stderr.readline()
        process.terminate()
        process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0
