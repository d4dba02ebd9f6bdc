"""The handset channel through a real WebSocket client, a real broker and the real delivery stage."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from services.delivery.handset.limits import HandsetLimits
from services.identity.message_id import Kind, open_message_id
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.handset_rig import (
    BUSINESSES,
    NUMBER,
    OTHER_NUMBER,
    TEXT,
    Channel,
    Customer,
    Platform,
    channel,
    delivery,
)

pytestmark = pytest.mark.integration

GRANTED, STOPPED = facts_pb2.CONSENT_GRANTED, facts_pb2.CONSENT_STOPPED
_numbers = count(16505550000)


@pytest.fixture(scope="module")
def platform(kafka: KafkaConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    made = Platform(kafka)
    with delivery(made, tmp_path_factory.mktemp("delivery")):
        yield made


@pytest.fixture
async def handset(platform: Platform) -> AsyncIterator[Channel]:
    async with channel(platform, handset_dated_messages=True) as running:
        yield running


@pytest.fixture
def customer(platform: Platform) -> Customer:
    made = Customer(platform, str(next(_numbers)))
    for number in BUSINESSES:
        made.consent(GRANTED, number)
    return made


def statuses(seen: list[Any], message_id: str) -> list[str]:
    return [each.kind for each in seen if each.headers["parley-message-id"].decode() == message_id]


def offline(seen: list[Any]) -> set[str]:
    return {each.event.message_id for each in seen if each.kind == "customer_was_offline"}


async def test_a_message_is_shown_acknowledged_and_settled(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as device:
        assert device.socket.protocol == "parley.handset.v1"
        message_id = customer.send()
        shown = await device.next("message")
        assert (shown["id"], shown["content"], shown["from"]) == (message_id, TEXT, "15550783881")
        assert (shown["phone_number_id"], shown["account_id"]) == (NUMBER, "102290129340398")
        assert shown["timestamp"].isdigit()
        await device.ack(message_id)
        await device.ack(message_id)
        await device.ack(message_id, "read")
        seen = await handset.platform.until("statuses", lambda seen: "read" in statuses(seen, message_id))
        assert statuses(seen, message_id) == ["accepted", "sent", "delivered", "read"]
        receipts = [
            each
            for each in await asyncio.to_thread(handset.platform.read, "dispatch")
            if each.kind == "receipt_received" and each.event.message_id == message_id
        ]
        assert {each.headers["traceparent"] for each in receipts} == {
            b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
        }


async def test_an_offline_customer_gets_it_on_connecting_in_order_and_again_until_acknowledged(
    handset: Channel, customer: Customer
) -> None:
    ids = [customer.send() for _ in range(3)]
    await handset.platform.until(
        "dispatch",
        lambda seen: (
            sum(each.kind == "customer_was_offline" and each.event.message_id in ids for each in seen) == 3
        ),
    )
    async with handset.device(customer) as device:
        assert [(await device.next("message"))["id"] for _ in ids] == ids
        await device.ack(ids[1])
        await handset.platform.until("statuses", lambda seen: "delivered" in statuses(seen, ids[1]))
        await device.nothing_more()
    async with handset.device(customer) as device:
        assert [(await device.next("message"))["id"] for _ in range(2)] == [ids[0], ids[2]]
        newest = customer.send()
        assert (await device.next("message"))["id"] == newest
        await device.nothing_more()


async def test_what_waits_survives_a_restart_of_the_worker(platform: Platform, customer: Customer) -> None:
    message_id = customer.send()
    await platform.until("statuses", lambda seen: "sent" in statuses(seen, message_id))
    async with channel(platform) as handset, handset.device(customer) as device:
        assert (await device.next("message"))["id"] == message_id
    async with channel(platform) as handset, handset.device(customer) as device:
        assert (await device.next("message"))["id"] == message_id
        await device.ack(message_id, "read")
        await platform.until("statuses", lambda seen: "read" in statuses(seen, message_id))
    async with channel(platform) as handset, handset.device(customer) as device:
        await device.nothing_more()


async def test_a_stop_also_stops_what_was_waiting(handset: Channel, customer: Customer) -> None:
    message_id = customer.send()
    await handset.platform.until("statuses", lambda seen: "sent" in statuses(seen, message_id))
    customer.consent(STOPPED)
    async with handset.device(customer) as device:
        seen = await handset.platform.until("statuses", lambda seen: "failed" in statuses(seen, message_id))
        assert statuses(seen, message_id) == ["accepted", "sent", "failed"]
        await device.nothing_more()


async def test_the_newest_connection_wins(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as older:
        first = customer.send()
        assert (await older.next("message"))["id"] == first
        async with handset.device(customer) as newer:
            assert await older.closed() == 4000
            assert (await newer.next("message"))["id"] == first
            second = customer.send()
            assert (await newer.next("message"))["id"] == second


async def test_a_storm_of_reconnects_brings_each_message_once_a_connection(
    handset: Channel, customer: Customer
) -> None:
    ids = [customer.send() for _ in range(5)]
    await handset.platform.until("statuses", lambda seen: "sent" in statuses(seen, ids[-1]))
    began = time.monotonic()
    for _ in range(50):
        async with handset.device(customer):
            pass
    reports_max = 2 + (time.monotonic() - began) / HandsetLimits().reconnect_pace_seconds
    async with handset.device(customer) as device:
        assert [(await device.next("message"))["id"] for _ in ids] == ids
        for message_id in ids:
            await device.ack(message_id)
        await handset.platform.until("statuses", lambda seen: "delivered" in statuses(seen, ids[-1]))
        await device.nothing_more()
    records = await asyncio.to_thread(handset.platform.read, "dispatch")
    connects = [each for each in records if each.kind == "customer_connected"]
    assert 1 <= len([each for each in connects if each.key == customer.conversation()]) <= reports_max


async def test_only_conversations_where_something_waits_are_told(
    handset: Channel, customer: Customer
) -> None:
    message_id = customer.send(OTHER_NUMBER)
    await handset.platform.until("statuses", lambda seen: "sent" in statuses(seen, message_id))
    async with handset.device(customer) as device:
        assert (await device.next("message"))["phone_number_id"] == OTHER_NUMBER
    records = await asyncio.to_thread(handset.platform.read, "dispatch")
    told = {each.key for each in records if each.kind == "customer_connected"}
    assert customer.conversation(OTHER_NUMBER) in told
    assert customer.conversation(NUMBER) not in told


async def test_an_acknowledgement_of_what_is_not_theirs_is_an_error_without_effect(
    handset: Channel, customer: Customer, platform: Platform
) -> None:
    stranger = Customer(platform, str(next(_numbers)))
    stranger.consent(GRANTED)
    foreign = stranger.send()
    async with handset.device(customer) as device:
        await device.say(type="message", client_id="c", to=NUMBER, content=TEXT)
        own = (await device.next("accepted"))["id"]
        for message_id in (foreign, own, "wamid.AAAA", "wamid.", "notice.0.1", "wamid.ü"):
            await device.ack(message_id)
            answer = await device.next("error")
            assert answer["id"] == message_id
            assert "no such message" in answer["reason"]
    async with handset.device(stranger) as device:
        assert (await device.next("message"))["id"] == foreign
    records = await asyncio.to_thread(platform.read, "dispatch")
    assert not any(each.kind == "receipt_received" and each.event.message_id == foreign for each in records)


async def test_what_a_customer_writes_is_accepted_once(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as device:
        answers = []
        for body in ("first", "second"):
            await device.say(
                type="message",
                client_id="same",
                to=NUMBER,
                content={"type": "text", "text": {"body": body}},
            )
            answers.append(await device.next("accepted"))
        assert answers[0]["id"] == answers[1]["id"]
        assert answers[0]["client_id"] == "same"
        await device.say(type="message", client_id="other", to=NUMBER, content=TEXT)
        assert (await device.next("accepted"))["id"] != answers[0]["id"]
        await device.say(type="message", client_id="same", to=OTHER_NUMBER, content=TEXT)
        assert (await device.next("accepted"))["id"] != answers[0]["id"]
    opened = open_message_id(handset.platform.key, answers[0]["id"])
    assert (opened.kind, opened.user_ref) == (Kind.INBOUND, customer.user_ref)
    records = await asyncio.to_thread(handset.platform.read, "intake")
    written = [each for each in records if each.key == customer.conversation()]
    assert [each.event.content for each in written][:2] == [
        b'{"type":"text","text":{"body":"first"}}',
        b'{"type":"text","text":{"body":"second"}}',
    ]
    assert all(len(each.headers["traceparent"]) == 55 for each in written)


async def test_a_customer_answers_a_message_that_came_by_an_ad_and_gives_a_name(
    handset: Channel, customer: Customer
) -> None:
    async with handset.device(customer) as device:
        message_id = customer.send()
        await device.next("message")
        await device.say(
            type="message",
            client_id="c1",
            to=NUMBER,
            content=TEXT,
            context={"message_id": message_id},
            referral={"source_type": "ad", "source_id": "1"},
            profile={"name": "Sheena Nelson"},
        )
        accepted = await device.next("accepted")
        for context in (message_id, "wamid.AAAA"):
            await device.say(
                type="message", client_id="c2", to=OTHER_NUMBER, content=TEXT, context={"message_id": context}
            )
            assert (await device.next("error"))["client_id"] == "c2"
    records = await asyncio.to_thread(handset.platform.read, "intake")
    [received] = [each.event for each in records if each.event.message_id == accepted["id"]]
    assert received.context_message_id == message_id
    assert received.referral_json == b'{"source_type":"ad","source_id":"1"}'
    assert received.profile_name == "Sheena Nelson"


async def test_dated_messages_where_they_are_allowed(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as device:
        await device.say(type="message", client_id="c1", to=NUMBER, content=TEXT, timestamp=1760000000)
        accepted = await device.next("accepted")
        assert accepted["timestamp"] == "1760000000"
        await device.say(type="message", client_id="c2", to=NUMBER, content=TEXT, timestamp=4_000_000_000)
        assert "future" in (await device.next("error"))["reason"]
    records = await asyncio.to_thread(handset.platform.read, "intake")
    [received] = [each.event for each in records if each.key == customer.conversation()]
    assert received.sent_at_ms == 1760000000_000


async def test_a_repeat_is_accepted_with_the_time_of_the_first(handset: Channel, customer: Customer) -> None:
    answers = []
    for dated in ({"timestamp": 1760000000}, {}, {"timestamp": 1760000009}):
        async with handset.device(customer) as device:
            await device.say(type="message", client_id="c1", to=NUMBER, content=TEXT, **dated)
            answers.append(await device.next("accepted"))
    assert answers[0]["timestamp"] == "1760000000"
    assert answers[1:] == answers[:1] * 2
    records = await asyncio.to_thread(handset.platform.read, "intake")
    times = [each.event.sent_at_ms for each in records if each.key == customer.conversation()]
    assert times == [1760000000_000] * 3


async def test_dated_messages_where_they_are_not(platform: Platform, customer: Customer) -> None:
    async with channel(platform) as handset, handset.device(customer) as device:
        await device.say(type="message", client_id="c1", to=NUMBER, content=TEXT, timestamp=1760000000)
        answer = await device.next("error")
        assert (answer["client_id"], "dated" in answer["reason"]) == ("c1", True)
        await device.nothing_more()


async def test_a_customer_blocks_and_unblocks_a_business(handset: Channel, customer: Customer) -> None:
    async with handset.device(customer) as device:
        await device.say(type="block", phone_number_id=NUMBER)
        assert (await device.next("blocked"))["phone_number_id"] == NUMBER
        await device.say(type="unblock", phone_number_id=NUMBER)
        assert (await device.next("unblocked"))["phone_number_id"] == NUMBER
        for kind in ("block", "unblock"):
            await device.say(type=kind, phone_number_id="999")
            assert "phone_number_id" in (await device.next("error"))["reason"]
        await device.say(type="message", client_id="c1", to="999", content=TEXT)
        assert (await device.next("error"))["client_id"] == "c1"
    records = await asyncio.to_thread(handset.platform.read, "intake")
    assert [each.kind for each in records if each.key == customer.conversation()] == [
        "customer_blocked",
        "customer_unblocked",
    ]


async def test_notices_and_read_marks_are_shown_once_and_confirmed(
    handset: Channel, customer: Customer
) -> None:
    notice = dispatch_pb2.NoticeRequested(notice_id="notice.0.1", phone_number_id=NUMBER, text="Stopped.")
    mark = dispatch_pb2.ReadMarkRequested(message_id="wamid.IN", phone_number_id=NUMBER)
    customer.consent(STOPPED)
    async with handset.device(customer) as device:
        handset.platform.dispatch(customer, NUMBER, notice)
        assert (await device.next("notice"))["text"] == "Stopped."
        handset.platform.dispatch(customer, NUMBER, mark)
        shown = await device.next("status")
        assert (shown["id"], shown["status"]) == ("wamid.IN", "read")
        await handset.platform.until(
            "outbox",
            lambda seen: (
                sum(
                    each.kind == "tombstone" and each.key.startswith(customer.user_ref.encode())
                    for each in seen
                )
                == 2
            ),
        )
    async with handset.device(customer) as device:
        await device.nothing_more()
