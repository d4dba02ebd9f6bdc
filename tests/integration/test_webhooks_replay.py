"""`parley webhook replay`: what was missed is sent again, in order, to that account alone."""

import asyncio

import pytest

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.instance import Instance
from services.admin.settings_snapshot import read_settings
from services.admin.webhook_replay import Replayed, replay
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.webhook_rig import KEY_TEXT, Platform, platform, said
from tests.unit.webhooks import events as given
from tests.unit.webhooks.endpoint_rig import OK, Post, says, told_endpoint

pytestmark = pytest.mark.integration

OTHER_ACCOUNT = "200000000000002"
WORDS = ("accepted", "sent", "delivered", "read")


def account(there: Platform) -> settings_pb2.Account:
    found = read_settings(there.connection, there.prefix).get(f"account/{given.ACCOUNT}")
    assert found is not None
    return found.account


async def replayed(there: Platform, since_ms: int) -> Replayed:
    environment = {"PARLEY_PLATFORM_KEY": KEY_TEXT, "PARLEY_WEBHOOK_ALLOW_PRIVATE": "true"}
    instance = Instance(there.connection, there.prefix, {}, environment)
    return await asyncio.to_thread(replay, instance, account(there), since_ms)


async def happened(there: Platform, messages: range) -> None:
    for what in WORDS:
        for number in messages:
            await there.status(what, f"wamid.{number}", user_ref=f"u1_{number}")
            await there.status(what, f"wamid.other{number}", OTHER_ACCOUNT, user_ref=f"u1_{number}")


async def test_everything_since_a_time_is_sent_again_in_order(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port)
        await happened(there, range(3))
        since_ms = wall_clock_ms() + 1
        while wall_clock_ms() < since_ms:
            await asyncio.sleep(0)
        await happened(there, range(10, 20))
        await there.inbox(given.preference(stopped=True), "preference_changed")
        await there.garbage("statuses")
        done = await replayed(there, since_ms)
    heard = [said(post.body) for post in endpoint.posts]
    assert (done.sent, done.unreadable, len(heard)) == (31, 1, 31)
    for number in range(10, 20):
        assert [word for message, word in heard if message == f"wamid.{number}"] == list(WORDS[1:])
    assert (given.CUSTOMER, "stop") in heard


async def test_an_endpoint_that_fails_ends_it_with_the_time_to_go_on_from(kafka: KafkaConnection) -> None:
    async def twice(post: Post, writer: asyncio.StreamWriter) -> None:
        taken = len({said(each.body) for each in endpoint.posts}) <= 2
        writer.write(OK if taken else b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    async with platform(kafka) as there, told_endpoint(twice) as endpoint:
        await there.account(endpoint.port)
        await happened(there, range(1))
        with pytest.raises(
            Refused, match=r"2 sent, 1 not, because the endpoint answered 503: go on"
        ) as refusal:
            await replayed(there, 0)
        assert f"parley webhook replay {given.ACCOUNT} --since 20" in str(refusal.value)
    assert len(endpoint.posts) == 5, "three tries of the one that was not taken"


async def test_without_a_url_it_is_refused(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there:
        await there.account(None)
        with pytest.raises(Refused, match="has no webhook URL"):
            await replayed(there, 0)
