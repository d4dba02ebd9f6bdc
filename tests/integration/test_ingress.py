"""Ingress on a real broker: 200 means that the request is in intake, at whichever replica."""

import asyncio
from pathlib import Path

import pytest

from deploy.kafka import EmbeddedKafka
from parley.intake.v1.intake_pb2 import IntakeEvent
from services.contracts.catalogue import topic
from services.contracts.headers import Headers, header
from services.contracts.placement import partition_of
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record_writer import WriterLimits
from tests.integration.ingress_rig import (
    change_settings,
    message_id_of,
    post,
    replica,
    requests_in_intake,
    seeded_topics,
)
from tests.integration.kafka_rig import read_all
from tests.unit.ingress.rig import NUMBER, TEXT, TOKEN, account, assert_envelope, template, token

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 20


async def test_200_means_that_the_request_is_in_intake(kafka: KafkaConnection) -> None:
    prefix = seeded_topics(kafka)
    began_ms = wall_clock_ms()
    async with replica(kafka, prefix) as client:
        message_id = message_id_of(await post(client, TEXT))
        [record] = read_all(kafka, prefix, "intake")
    event = IntakeEvent.FromString(record.value() or b"")
    facts = event.send_requested.facts
    assert facts.message_id == message_id
    assert began_ms <= facts.accepted_at_ms <= record.timestamp()[1] <= wall_clock_ms()
    assert record.key() == f"{NUMBER.business_id}:{facts.user_ref}".encode()
    assert record.partition() == partition_of(topic("intake"), record.key() or b"")
    headers: Headers = record.headers()  # type: ignore[assignment]
    assert header(headers, "parley-kind") == b"send_requested"
    assert header(headers, "parley-schema") == b"parley.intake.v1.IntakeEvent"
    assert header(headers, "parley-message-id") == message_id.encode()
    assert header(headers, "traceparent")


async def test_every_200_of_many_at_once_is_in_intake_once(kafka: KafkaConnection) -> None:
    prefix = seeded_topics(kafka)
    customers = [f"1650555{number:04}" for number in range(500)]
    async with replica(kafka, prefix) as client:
        answers = await asyncio.gather(*(post(client, TEXT | {"to": customer}) for customer in customers))
        accepted = sorted(map(message_id_of, answers))
    assert sorted(requests_in_intake(kafka, prefix)) == accepted
    assert len(set(accepted)) == len(customers)


async def test_two_replicas_give_the_same_id_for_the_same_key(kafka: KafkaConnection) -> None:
    prefix = seeded_topics(kafka)
    async with replica(kafka, prefix) as one, replica(kafka, prefix) as two:
        answers = await asyncio.gather(*(post(client, TEXT, "order-1") for client in (one, two, one, two)))
        assert len(set(map(message_id_of, answers))) == 1
        other = message_id_of(await post(two, TEXT | {"text": {"body": "other"}}, "order-1"))
        assert other != message_id_of(answers[0])


async def test_settings_are_followed_at_once(kafka: KafkaConnection) -> None:
    prefix = seeded_topics(kafka)
    renewed = {"type": "template", "template": {"name": "fresh", "language": {"code": "en_US"}}}
    async with replica(kafka, prefix) as client:
        assert_envelope(await post(client, TEXT | renewed), 404, 132001)
        await asyncio.to_thread(change_settings, kafka, prefix, template("fresh"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await post(client, TEXT | renewed)).status_code != 200:
                pass
        revoked = account(NUMBER.account_id, token(TOKEN, revoked_at_ms=wall_clock_ms()))
        await asyncio.to_thread(change_settings, kafka, prefix, revoked)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (answer := await post(client, TEXT)).status_code == 200:
                pass
        assert_envelope(answer, 401, 190)


async def test_while_the_broker_is_gone_nobody_is_told_200_and_then_it_goes_on(tmp_path: Path) -> None:
    limits = WriterLimits(timeout_seconds=0.5, request_timeout_seconds=0.5)
    with EmbeddedKafka(tmp_path, heap_mb=256) as broker:
        connection = broker.connection()
        prefix = seeded_topics(connection)
        async with replica(connection, prefix, limits) as client:
            accepted = [message_id_of(await post(client, TEXT))]
            await asyncio.to_thread(broker.kill)
            unknown = []
            for number in range(3):
                answer = await post(client, TEXT, f"key-{number}")
                if answer.status_code == 503:
                    assert_envelope(answer, 503, 131016)
                    assert answer.headers["retry-after"] == "1"
                else:
                    unknown.append(assert_envelope(answer, 500, 131000)["message_id"])
            await asyncio.to_thread(broker.start)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while (answer := await post(client, TEXT, "key-0")).status_code != 200:
                    pass
            accepted.append(message_id_of(answer))
        written = requests_in_intake(connection, prefix)
        assert set(accepted) <= set(written) <= set(accepted) | set(unknown)
