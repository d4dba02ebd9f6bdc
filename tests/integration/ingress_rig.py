"""Replicas of ingress on a real broker, and what they wrote."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from parley.intake.v1.intake_pb2 import IntakeEvent
from parley.settings.v1.settings_pb2 import SettingChanged
from services.admin.settings_writer import SettingsWriter
from services.identity.platform_key import PlatformKey, encode
from services.ingress.process import Ingress
from services.ingress.settings import IngressSettings
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record_writer import WriterLimits
from tests.integration.kafka_rig import make_topics, read_all
from tests.unit.ingress.rig import NUMBER, PATH, TEMPLATES, TOKEN, account, token

KEY_BYTES = bytes(range(32))
BEARER = {"Authorization": f"Bearer {TOKEN}"}
TOPICS = ["settings", "intake", "screened", "usage", "dispatch"]


def seeded_topics(connection: KafkaConnection) -> str:
    """Topics of the test's own, with an account, its number and its templates; their prefix."""
    prefix = make_topics(connection, TOPICS)
    change_settings(
        connection,
        prefix,
        account(NUMBER.account_id, token(TOKEN)),
        SettingChanged(key=f"phone-number/{NUMBER.phone_number_id}", phone_number=NUMBER),
        *TEMPLATES,
    )
    return prefix


def change_settings(connection: KafkaConnection, prefix: str, *settings: SettingChanged) -> None:
    """Write settings as the operator's command does."""
    SettingsWriter(connection, prefix, wall_clock_ms).change(lambda _: list(settings))


def ingress_settings(prefix: str, **more: Any) -> IngressSettings:
    """Settings of a replica that chooses free ports."""
    values: dict[str, Any] = {
        "topic_prefix": prefix,
        "ingress_port": 0,
        "health_port": 0,
        "number_rate": 100_000,
    }
    return IngressSettings(platform_key=SecretStr(encode(KEY_BYTES)), **(values | more))


@asynccontextmanager
async def replica(
    connection: KafkaConnection, prefix: str, limits: WriterLimits | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A replica that serves; a client of it, with a good token."""
    settings = ingress_settings(prefix)
    ingress = Ingress(settings, connection, PlatformKey(KEY_BYTES), writer_limits=limits)
    await ingress.start()
    try:
        async with httpx.AsyncClient(base_url=ingress.url, headers=BEARER, timeout=30) as client:
            yield client
    finally:
        await ingress.stop()


async def post(client: httpx.AsyncClient, request: Any, key: str = "") -> httpx.Response:
    """Send a request, with an Idempotency-Key where one is given."""
    return await client.post(PATH, json=request, headers={"Idempotency-Key": key} if key else {})


def message_id_of(response: httpx.Response) -> str:
    """The id in a 200."""
    assert response.status_code == 200, response.text
    return str(response.json()["messages"][0]["id"])


def requests_in_intake(connection: KafkaConnection, prefix: str) -> list[str]:
    """Message ids of the send requests in intake, by partition and offset."""
    events = [
        IntakeEvent.FromString(record.value() or b"") for record in read_all(connection, prefix, "intake")
    ]
    return [event.send_requested.facts.message_id for event in events if event.HasField("send_requested")]
