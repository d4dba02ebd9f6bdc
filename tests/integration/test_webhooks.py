"""The webhook worker from topics to HTTP, on a real broker."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from prometheus_client import REGISTRY

from parley.delivery.v1 import webhook_retry_pb2
from parley.runtime.v1 import runtime_pb2
from services.admin.partition_ends import ends_of
from services.contracts.catalogue import topic
from services.identity.references import business_scoped_user_id
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.kafka_rig import read_all
from tests.integration.webhook_rig import KEY, SECRET, Platform, platform, said, until
from tests.unit.webhooks import events as given
from tests.unit.webhooks.endpoint_rig import OK, Post, says, told_endpoint

pytestmark = pytest.mark.integration

OTHER_ACCOUNT = "200000000000002"
BACKLOG, AT_ONCE = 6_000, 1_000
GIVE_UP_SECONDS = 10
ANSWER_SECONDS_MAX = 10
FAILS = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


def deferred(
    connection: KafkaConnection, prefix: str, tier: int | str
) -> list[webhook_retry_pb2.WebhookDeferred]:
    records = read_all(connection, prefix, f"webhook-retry-{tier}")
    return [webhook_retry_pb2.WebhookDeferred.FromString(record.value() or b"") for record in records]


async def put_backlog(there: Platform) -> None:
    """A status each for many customers."""
    for first in range(0, BACKLOG, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        await asyncio.gather(*(there.status("sent", f"wamid.{n}", user_ref=f"u1_{n}") for n in numbers))


async def until_aside(holds: Callable[[], bool], seconds: float = 10) -> None:
    """As `until`, with a question that blocks: it may not hold up the worker, which runs in this loop."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(holds):
            pass


def put_off(connection: KafkaConnection, prefix: str) -> set[str]:
    """Messages of updates that wait for the first or the second time, tried or not."""
    tiers = (1, "spared-1")
    return {one.message_id for tier in tiers for one in deferred(connection, prefix, tier)}


async def test_what_happens_reaches_the_business_signed_and_in_order(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port)
        async with there.worker():
            for what in ("accepted", "sent", "delivered", "read"):
                await there.status(what, "wamid.1")
            await there.inbox(given.received(b'{"type":"text","text":{"body":"Hi"}}'), "message_received")
            await there.inbox(given.preference(stopped=True), "preference_changed")
            posts = await endpoint.wait_for(5)
    heard = [said(post.body) for post in posts]
    assert [one for one in heard if one[0] == "wamid.1"] == [
        ("wamid.1", "sent"),
        ("wamid.1", "delivered"),
        ("wamid.1", "read"),
    ]
    assert [one for one in heard if one[0] != "wamid.1"] == [
        ("wamid.IN", "message"),
        (given.CUSTOMER, "stop"),
    ]
    for post in posts:
        expected = hmac.new(SECRET, post.body, hashlib.sha256).hexdigest()
        assert post.headers["X-Hub-Signature-256"] == f"sha256={expected}"
        assert post.headers["traceparent"] == "00-0af7-b7ad-01"
        contact = json.loads(post.body)["entry"][0]["changes"][0]["value"]["contacts"][0]
        assert contact["user_id"] == business_scoped_user_id(KEY, given.BUSINESS, given.CUSTOMER)


async def test_a_restarted_worker_goes_on_where_the_last_one_ended(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port)
        await there.status("sent", "wamid.1")
        async with there.worker():
            await endpoint.wait_for(1)
        await there.status("sent", "wamid.2")
        async with there.worker():
            await endpoint.wait_for(2)
    assert [said(post.body)[0] for post in endpoint.posts] == ["wamid.1", "wamid.2"]


async def test_the_first_tries_of_a_message_are_in_order_however_slowly_some_are_answered(
    kafka: KafkaConnection,
) -> None:
    chance = random.Random(1)  # noqa: S311

    async def sometimes_slow(_: Post, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(chance.choice((0, 0, 0.05)))
        writer.write(chance.choice((OK, OK, OK, FAILS)))

    words = ("sent", "delivered", "read")
    async with platform(kafka) as there, told_endpoint(sometimes_slow) as endpoint:
        await there.account(endpoint.port)
        for what in words:
            await asyncio.gather(*(there.status(what, f"wamid.{n}", user_ref=f"u1_{n}") for n in range(60)))
        async with there.worker():
            async with asyncio.timeout(20):
                while len({said(post.body) for post in endpoint.posts}) < 180:
                    await endpoint.wait_for(len(endpoint.posts) + 1)
    first_tries = list(dict.fromkeys(said(post.body) for post in endpoint.posts))
    for number in range(60):
        assert [word for message, word in first_tries if message == f"wamid.{number}"] == list(words)
    assert endpoint.connections > 1, "several are under way at once"


async def test_without_a_url_nothing_is_sent_or_kept(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(None)
        async with there.worker():
            await there.status("sent", "wamid.1")
            await there.status("sent", "wamid.2", OTHER_ACCOUNT)
            await until_aside(lambda: lag(there) == 0)
            await there.account(endpoint.port)
            await asyncio.sleep(0)
            for number in range(100):  # until the new setting is seen
                await there.status("sent", f"wamid.later{number}")
                if endpoint.posts:
                    break
            posts = await endpoint.wait_for(1)
        assert not any(deferred(kafka, there.prefix, tier) for tier in range(1, 8))
    assert said(posts[0].body)[0].startswith("wamid.later")


def given_up() -> float:
    """Updates that any worker of this process has given up."""
    return REGISTRY.get_sample_value("parley_webhooks_given_up_total") or 0


def lag(there: Platform) -> int:
    """Records of statuses and inbox that the group has not committed."""
    # The admin client's question for offsets can crash the process (confluentinc/librdkafka 5040).
    asker = Consumer({**there.connection.librdkafka(), "group.id": f"{there.prefix}webhooks"})
    with AdminClient(there.connection.librdkafka()) as admin, closing(asker):
        ends = {
            (there.prefix + name, partition): end
            for name in ("statuses", "inbox")
            for partition, end in ends_of(admin, there.prefix + name, topic(name).partitions).items()
        }
        committed = asker.committed([TopicPartition(*place) for place in ends], ANSWER_SECONDS_MAX)
    return sum(ends[place.topic, place.partition] - max(0, place.offset) for place in committed)


async def test_an_update_walks_through_all_tiers_until_it_is_given_up(kafka: KafkaConnection) -> None:
    """The waits of 36 hours, far shorter; the last tier repeats."""
    waits = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 2)
    before = given_up()
    async with platform(kafka) as there, told_endpoint(says(FAILS)) as endpoint:
        await there.account(endpoint.port)
        async with there.worker(webhook_retry_seconds=waits, webhook_give_up_seconds=GIVE_UP_SECONDS):
            await there.status("sent", "wamid.1")
            await until(lambda: given_up() == before + 1, seconds=2 * GIVE_UP_SECONDS)
        tiers = [deferred(kafka, there.prefix, tier) for tier in range(1, 8)]
    tries = len(endpoint.posts)
    assert [len(tier) for tier in tiers[:6]] == [1] * 6
    assert 1 <= len(tiers[6]) <= 4
    assert tries == 1 + sum(len(tier) for tier in tiers)
    assert len({post.body for post in endpoint.posts}) == 1, "the very same bytes each time"
    first, last = tiers[0][0], tiers[6][-1]
    assert (first.tries, last.tries) == (1, tries - 1)
    assert first.error == "the endpoint answered 500"
    assert first.first_tried_at_ms == last.first_tried_at_ms
    assert last.due_at_ms - last.first_tried_at_ms <= GIVE_UP_SECONDS * 1_000


async def test_an_update_that_was_refused_arrives_once_it_is_taken(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there, told_endpoint(says(FAILS)) as endpoint:
        await there.account(endpoint.port)
        async with there.worker():
            await there.status("sent", "wamid.1")
            await endpoint.wait_for(2)
            endpoint.answer = says(OK)
            tried = len(await endpoint.wait_for(3))
            await there.status("sent", "wamid.2")
            await endpoint.wait_for(tried + 1)
    assert [said(post.body)[0] for post in endpoint.posts].count("wamid.2") == 1


async def test_a_failing_endpoint_is_left_alone_and_probed(kafka: KafkaConnection) -> None:
    open_seconds = 1
    settings = {"webhook_circuit_failures": 3, "webhook_circuit_open_seconds": open_seconds}
    async with platform(kafka) as there, told_endpoint(says(FAILS)) as endpoint:
        await there.account(endpoint.port)
        async with there.worker(**settings):
            for number in range(3):
                await there.status("sent", f"wamid.{number}")
            begun = time.monotonic()
            await endpoint.wait_for(3)
            for number in range(3, 40):
                await there.status("sent", f"wamid.{number}", user_ref=f"u1_{number}")
            await until_aside(lambda: len(put_off(kafka, there.prefix)) == 40)
            probes_max = 1 + (time.monotonic() - begun) / open_seconds
            assert len(endpoint.posts) <= 3 + probes_max, "while the circuit is open there are only probes"
            endpoint.answer = says(OK)
            async with asyncio.timeout(15):
                while len({said(post.body)[0] for post in endpoint.posts}) < 40:
                    await endpoint.wait_for(len(endpoint.posts) + 1)
    assert len(endpoint.posts) <= 3 + probes_max + 40, "three failures, the probes, and each of forty once"


async def test_an_endpoint_that_never_answers_delays_nobody_else(kafka: KafkaConnection) -> None:
    async def never(_: Post, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    settings = {"webhook_connections": 2, "webhook_queue_seconds": 0.5, "webhook_timeout_seconds": 20}
    async with platform(kafka) as there, told_endpoint(never) as dead, told_endpoint(says(OK)) as well:
        await there.account(dead.port)
        await there.account(well.port, OTHER_ACCOUNT)
        for number in range(100):  # side by side in the same partitions
            ref = f"u1_{number}"
            await there.status("sent", f"wamid.dead{number}", user_ref=ref)
            await there.status("sent", f"wamid.well{number}", OTHER_ACCOUNT, user_ref=ref)
        async with there.worker(**settings):
            await dead.wait_for(1)
            posts = await well.wait_for(100, seconds=18)  # before the other's first try has ended
            assert {said(post.body)[0] for post in posts} == {f"wamid.well{number}" for number in range(100)}
            await until_aside(lambda: lag(there) == 0, seconds=40)
        assert len(put_off(kafka, there.prefix)) == 100, "none is lost"


async def test_a_dead_endpoints_backlog_stands_before_no_retry_of_another(kafka: KafkaConnection) -> None:
    async def second_time(post: Post, writer: asyncio.StreamWriter) -> None:
        writer.write(OK if sum(each.body == post.body for each in well.posts) > 1 else FAILS)

    settings = {"webhook_circuit_failures": 3, "webhook_circuit_open_seconds": 60}
    async with (
        platform(kafka) as there,
        told_endpoint(says(FAILS)) as dead,
        told_endpoint(second_time) as well,
    ):
        await there.account(dead.port)
        await there.account(well.port, OTHER_ACCOUNT)
        await put_backlog(there)
        async with there.worker(**settings):
            await dead.wait_for(3)
            spared = partial(deferred, kafka, there.prefix, "spared-1")
            await until_aside(lambda: len(spared()) > BACKLOG // 2, seconds=30)
            await there.status("sent", "wamid.well", OTHER_ACCOUNT)
            await well.wait_for(2, seconds=30)  # the circuit of the other is open for longer
        tried = [one for tier in range(1, 8) for one in deferred(kafka, there.prefix, tier)]
    assert len([one for one in tried if one.account_id == given.ACCOUNT]) == len(dead.posts) < 20


async def test_what_an_endpoint_does_not_take_fast_enough_is_put_off_at_once(kafka: KafkaConnection) -> None:
    async def never(_: Post, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    settings = {"webhook_connections": 2, "webhook_queue": 10, "webhook_retry_seconds": (60,)}
    async with platform(kafka) as there, told_endpoint(never) as endpoint:
        await there.account(endpoint.port)
        for number in range(50):
            await there.status("sent", f"wamid.{number}", user_ref=f"u1_{number}")
        async with there.worker(webhook_timeout_seconds=60, **settings):
            await endpoint.wait_for(2)
            await until_aside(lambda: len(put_off(kafka, there.prefix)) == 38)
            assert len(endpoint.posts) == 2
        assert lag(there) >= 12, "what was under way or waited when the worker ended is read again"


async def test_a_backlog_for_a_quick_endpoint_waits_its_turn(kafka: KafkaConnection) -> None:
    """More than the endpoint's queue holds: the reader waits, and nothing goes to a retry tier."""
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port)
        await put_backlog(there)
        async with there.worker(webhook_queue=BACKLOG // 2, webhook_queue_seconds=60):
            await endpoint.wait_for(BACKLOG, seconds=30)
        assert not deferred(kafka, there.prefix, 1)
    assert len({said(post.body) for post in endpoint.posts}) == BACKLOG


async def test_a_new_address_holds_for_what_waits(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there, told_endpoint(says(FAILS)) as old, told_endpoint(says(OK)) as new:
        await there.account(old.port)
        async with there.worker():
            await there.status("sent", "wamid.1")
            await old.wait_for(1)
            await there.account(new.port)
            posts = await new.wait_for(1)
    assert said(posts[0].body) == ("wamid.1", "sent")


@pytest.mark.parametrize(
    ("scheme", "says_why"), [("http", "must begin with https"), ("https", "not on the public Internet")]
)
async def test_a_private_address_is_not_reached_unless_allowed(
    kafka: KafkaConnection, scheme: str, says_why: str
) -> None:
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port, scheme=scheme)
        async with there.worker(webhook_allow_private=False):
            await there.status("sent", "wamid.1")
            await until_aside(lambda: len(deferred(kafka, there.prefix, 1)) == 1)
        assert says_why in deferred(kafka, there.prefix, 1)[0].error
    assert endpoint.connections == 0


async def test_replicas_share_the_work_and_one_takes_over_from_the_other(kafka: KafkaConnection) -> None:
    async def happened(first: int) -> None:
        numbers = range(first, first + 40)
        await asyncio.gather(*(there.status("sent", f"wamid.{n}", user_ref=f"u1_{n}") for n in numbers))

    async def heard(number: int) -> None:
        async with asyncio.timeout(30):
            while len({said(post.body) for post in endpoint.posts}) < number:
                await endpoint.wait_for(len(endpoint.posts) + 1, seconds=30)

    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port)
        async with there.worker(ordinal=0):
            await happened(0)
            await heard(40)
            async with there.worker(ordinal=1) as other:
                await until(lambda: other.is_ready)
                await happened(100)
                await heard(80)
            await happened(200)
            await heard(120)
    assert len(endpoint.posts) == 120, "nobody was killed, so none came twice"


async def test_a_record_that_cannot_be_read_is_set_aside(kafka: KafkaConnection) -> None:
    async with platform(kafka) as there, told_endpoint(says(OK)) as endpoint:
        await there.account(endpoint.port)
        await there.garbage("statuses")
        await there.garbage("webhook-retry-1")
        await there.status("sent", "wamid.1")
        async with there.worker():
            await endpoint.wait_for(1)
            await until(lambda: len(read_all(kafka, there.prefix, "dead-letters")) == 2)
        records = read_all(kafka, there.prefix, "dead-letters")
        letters = [runtime_pb2.DeadLettered.FromString(record.value() or b"") for record in records]
    assert all(("parley-message-id", b"wamid.garbage") in (record.headers() or []) for record in records)
    assert {letter.topic.removeprefix(there.prefix) for letter in letters} == {"statuses", "webhook-retry-1"}
    assert {(letter.stage, letter.value, letter.reason) for letter in letters} == {
        ("webhooks", b"\xff\xff", "undecodable")
    }
