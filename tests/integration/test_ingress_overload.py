"""Ingress as a process on a real broker, while three times as many clients as it serves do not wait."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.identity.platform_key import encode
from services.ingress.limits import HttpLimits
from services.runtime.descriptors import room_for
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.ingress_rig import BEARER, KEY_BYTES, requests_in_intake, seeded_topics
from tests.integration.test_ingress_process import process, settings, until
from tests.unit.ingress.rig import PATH, TEXT, TOKEN

pytestmark = pytest.mark.integration

SERVED = HttpLimits().requests_in_hand_max
CLIENTS = 3 * SERVED + 300
CALM_SECONDS = 1.0
STORM_SECONDS = 3.0
PATIENCE_SECONDS = 15.0
"""A deadline, not a measure: most answers take milliseconds, on a machine that is not busy otherwise."""
BODY = json.dumps(TEXT).encode()
REQUEST = (
    f"POST {PATH} HTTP/1.1\r\nHost: parley\r\nAuthorization: Bearer {TOKEN}\r\n"
    f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode() + BODY


class Impatient(asyncio.Protocol):
    """Asks again as soon as it is answered, whatever the answer."""

    def __init__(self, answers: Counter[int]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length):
            self._answers[int(head[9:12])] += 1
            self._received = b""
            self._transport.write(REQUEST)


@asynccontextmanager
async def impatient(count: int, port: int) -> AsyncIterator[Counter[int]]:
    """So many clients, and what they were answered."""
    answers: Counter[int] = Counter()
    loop = asyncio.get_running_loop()
    transports = []
    for _ in range(count):
        transport, _ = await loop.create_connection(lambda: Impatient(answers), "127.0.0.1", port)
        transports.append(transport)
    try:
        yield answers
    finally:
        for transport in transports:
            transport.abort()


async def answered(count: int, port: int, seconds: float) -> Counter[int]:
    """What so many clients are answered for so long, once all of them are there."""
    async with impatient(count, port) as answers:
        answers.clear()
        await asyncio.sleep(seconds)  # how long they go on
        return answers


async def test_what_ingress_can_do_it_goes_on_doing(kafka: KafkaConnection) -> None:
    room_for(CLIENTS)
    prefix = seeded_topics(kafka)
    environment = settings(kafka, prefix, PARLEY_NUMBER_RATE="100000", PARLEY_PLATFORM_KEY=encode(KEY_BYTES))
    with process(environment) as ingress:
        line = until(ingress, "serving the Cloud API")
        url = next(part for part in line.split() if part.startswith("url=")).removeprefix("url=")
        port = int(url.rpartition(":")[2])
        assert 200 in await answered(64, port, CALM_SECONDS)

        polite = asyncio.create_task(polite_client(url))
        stormy = await answered(CLIENTS, port, STORM_SECONDS)
        seconds = await polite
        assert set(stormy) == {200, 503}, "accepted or refused, both of them, and nothing else"
        assert max(seconds) < PATIENCE_SECONDS, "who waits as told is answered"

        async with asyncio.timeout(PATIENCE_SECONDS):
            while set(await answered(64, port, CALM_SECONDS)) != {200}:
                pass  # what is left of the storm is worked off
    ids = requests_in_intake(kafka, prefix)
    assert len(set(ids)) == len(ids)


async def polite_client(url: str) -> list[float]:
    """Seconds that answers took, to a client that keeps to Retry-After, during a storm."""
    loop = asyncio.get_running_loop()
    end, seconds = loop.time() + STORM_SECONDS, []
    async with httpx.AsyncClient(base_url=url, headers=BEARER, timeout=30) as client:
        while loop.time() < end:
            began = loop.time()
            answer = await client.post(PATH, json=TEXT)
            seconds.append(loop.time() - began)
            await asyncio.sleep(float(answer.headers.get("retry-after", 0.05)))  # as it was told
    return seconds
