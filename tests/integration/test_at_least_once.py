"""Delivery's edge: webhooks and channels are at least once, and a receiver can drop what comes again."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from deploy.kafka import ports
from parley.message.v1 import facts_pb2
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.handset_rig import Customer, Device, Platform, delivery
from tests.integration.test_webhooks_process import process
from tests.integration.webhook_rig import platform, said
from tests.unit.webhooks.endpoint_rig import OK, Post, says, told_endpoint

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0


async def test_a_webhook_that_was_answered_comes_again_when_the_worker_dies_before_it_notes_that(
    kafka: KafkaConnection,
) -> None:
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port)
        async with process(kafka, there.prefix) as child:

            async def takes_it_and_the_worker_dies(_: Post, writer: asyncio.StreamWriter) -> None:
                writer.write(OK)
                child.kill()

            endpoint.answer = takes_it_and_the_worker_dies
            await there.status("sent", "wamid.1")
            await endpoint.wait_for(1, DEADLINE_SECONDS)
            await child.wait()
        endpoint.answer = says(OK)
        await there.status("delivered", "wamid.1")
        async with process(kafka, there.prefix):
            first, again, other = await endpoint.wait_for(3, DEADLINE_SECONDS)
    assert said(first.body) == said(again.body) == ("wamid.1", "sent")
    assert again.body == first.body, "the same bytes: id, status and time"
    assert {said(post.body) for post in (first, again, other)} == {
        ("wamid.1", "sent"),
        ("wamid.1", "delivered"),
    }, "dropped by id and status, each is there once"


@asynccontextmanager
async def handset(platform: Platform) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The channel in a process of its own, once it lets devices in; killed at the end. Yields its URL."""
    port = ports.choose(set())
    environment = {
        **os.environ,
        **platform.connection.environment(),
        "PARLEY_TOPIC_PREFIX": platform.prefix,
        "PARLEY_PLATFORM_KEY": platform.key_text,
        "PARLEY_HEALTH_PORT": "0",
        "PARLEY_HANDSET_PORT": str(port),
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.delivery.handset",
        cwd=ROOT,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while b"serving devices" not in (line := await child.stderr.readline()):
                assert line, "the channel has ended"
        yield child, f"ws://127.0.0.1:{port}/handset"
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def shown(session: aiohttp.ClientSession, url: str, customer: Customer) -> Device:
    """The customer's device, connected."""
    socket = await session.ws_connect(f"{url}?token={customer.token}", protocols=["parley.handset.v1"])
    return Device(socket)


async def test_a_message_that_was_shown_comes_again_when_the_channel_dies_before_it_hears_so(
    kafka: KafkaConnection, tmp_path: Path
) -> None:
    there = await asyncio.to_thread(Platform, kafka)
    customer = Customer(there, "16505559999")
    customer.consent(facts_pb2.CONSENT_GRANTED)
    with delivery(there, tmp_path):
        async with aiohttp.ClientSession() as session:
            async with handset(there) as (child, url):
                device = await shown(session, url, customer)
                message_id = customer.send()
                first = await device.next("message")
                child.kill()
                await child.wait()
            async with handset(there) as (_, url):
                device = await shown(session, url, customer)
                again = await device.next("message")
                assert again == first
                assert again["id"] == message_id, "by this id the device shows it once"
                await device.ack(message_id)
                seen = await there.until(
                    "statuses", lambda seen: any(each.kind == "delivered" for each in seen)
                )
                assert [each.kind for each in seen] == ["accepted", "sent", "delivered"]
            async with handset(there) as (_, url):
                device = await shown(session, url, customer)
                await device.nothing_more()
