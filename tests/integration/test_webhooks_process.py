"""The webhook worker as a process: it ends as it is told, and a killed one loses nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.contracts.catalogue import FACTOR, partition_factor
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.kafka_rig import make_topics
from tests.integration.webhook_rig import KEY_TEXT, platform, said
from tests.unit.webhooks.endpoint_rig import OK, Post, says, told_endpoint

pytestmark = pytest.mark.integration


@asynccontextmanager
async def process(
    connection: KafkaConnection | None, prefix: str, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The worker in a process of its own, killed at the end if it still runs."""
    environment = {
        "PATH": os.environ["PATH"],
        FACTOR: str(partition_factor()),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PARLEY_TOPIC_PREFIX": prefix,
        "PARLEY_PLATFORM_KEY": KEY_TEXT,
        "PARLEY_HEALTH_PORT": "0",
        "PARLEY_WEBHOOK_ALLOW_PRIVATE": "true",
        "PARLEY_WEBHOOK_RETRY_SECONDS": "0.1,0.2",
        "PARLEY_WEBHOOK_STOP_SECONDS": "5",
        **(connection.environment() if connection else {}),
        **variables,
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.delivery.webhooks",
        env={name: value for name, value in environment.items() if value},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def last_words(child: asyncio.subprocess.Process) -> tuple[int | None, list[str]]:
    """Exit status and lines on stderr, once it has ended."""
    async with asyncio.timeout(30):
        _, errors = await child.communicate()
    return child.returncode, errors.decode().splitlines()


async def test_what_a_killed_worker_had_under_way_is_sent_again(kafka: KafkaConnection) -> None:
    async def never(_: Post, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with platform(kafka) as there, told_endpoint(never) as endpoint:
        await there.account(endpoint.port)
        async with process(kafka, there.prefix) as child:
            await there.status("sent", "wamid.1")
            await there.status("delivered", "wamid.1")
            await endpoint.wait_for(1, seconds=30)
            child.kill()
            await child.wait()
        endpoint.answer = says(OK)
        async with process(kafka, there.prefix):
            posts = await endpoint.wait_for(3, seconds=30)
    assert [said(post.body)[1] for post in posts] == ["sent", "sent", "delivered"]


async def test_a_worker_that_is_told_to_end_finishes_what_is_under_way(kafka: KafkaConnection) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def when_told(_: Post, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await answer.wait()
        writer.write(OK)

    async with platform(kafka) as there, told_endpoint(when_told) as endpoint:
        await there.account(endpoint.port)
        await there.status("sent", "wamid.1")
        async with process(kafka, there.prefix) as child:
            await asyncio.wait_for(asked.wait(), 30)
            child.send_signal(signal.SIGTERM)
            await there.status("delivered", "wamid.1")
            answer.set()
            assert (await last_words(child))[0] == 0
        async with process(kafka, there.prefix):
            posts = await endpoint.wait_for(2, seconds=30)
    assert [said(post.body)[1] for post in posts] == ["sent", "delivered"], "not sent again: it was committed"


@pytest.mark.parametrize(
    ("variable", "value", "says_why"),
    [
        ("PARLEY_PLATFORM_KEY", "", "PARLEY_PLATFORM_KEY is not set"),
        ("PARLEY_PLATFORM_KEY", "short", "PARLEY_PLATFORM_KEY must be 32 bytes"),
        ("PARLEY_WEBHOOK_RETRY_SECONDS", "1,2,3,4,5,6,7,8", "give 1 to 7 waits"),
        ("PARLEY_WEBHOOK_RETRY_SECONDS", "1,soon", "PARLEY_WEBHOOK_RETRY_SECONDS"),
        ("PARLEY_WEBHOOK_TIMEOUT_SECONDS", "0", "PARLEY_WEBHOOK_TIMEOUT_SECONDS"),
        ("PARLEY_WEBHOOK_CA_FILE", "/nowhere.pem", "PARLEY_WEBHOOK_CA_FILE names no file"),
        ("KAFKA_BOOTSTRAP_SERVERS", "", "KAFKA_BOOTSTRAP_SERVERS is not set"),
    ],
)
async def test_a_bad_setting_is_one_line_and_78(variable: str, value: str, says_why: str) -> None:
    bad = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", variable: value}
    async with process(None, "t.", **bad) as child:
        status, lines = await last_words(child)
    assert status == 78
    assert len(lines) == 1
    assert says_why in lines[0]


async def test_a_missing_topic_is_one_line_and_1(kafka: KafkaConnection) -> None:
    prefix = await asyncio.to_thread(make_topics, kafka, ["settings", "statuses", "inbox"])
    async with process(kafka, prefix) as child:
        status, lines = await last_words(child)
    assert status == 1
    assert lines == [
        f"webhooks: Kafka has no topic {prefix}dead-letters: `parley topics create` makes what is missing"
    ]


async def test_an_unreachable_broker_is_waited_for_visibly() -> None:
    async with process(None, "t.", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1") as child:
        assert child.stderr is not None
        async with asyncio.timeout(30):
            line = (await child.stderr.readline()).decode()
        assert "waiting for Kafka" in line
        assert "KAFKA_BOOTSTRAP_SERVERS" in line
        child.send_signal(signal.SIGTERM)
        assert (await last_words(child))[0] == 0
