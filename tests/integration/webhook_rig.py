"""A webhook worker on topics of its own, and the businesses it reports to."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from google.protobuf.message import Message as Event

from parley.settings.v1 import settings_pb2
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.contracts.setting_routes import SETTING_PURPOSE
from services.delivery.webhooks.process import RETRY_TOPICS, WebhookWorker
from services.delivery.webhooks.settings import WebhookSettings
from services.identity.platform_key import PlatformKey
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record_writer import RecordWriter
from tests.integration.kafka_rig import make_topics
from tests.unit.webhooks import events as webhook_events

KEY_TEXT = PlatformKey.generate()
KEY = PlatformKey.from_text(KEY_TEXT)
SECRET = b"app secret"
TOPICS = ("statuses", "inbox", "settings", "dead-letters", *(one.name for one in RETRY_TOPICS))
USER_REF = "u1_q83vEjRWeJCrze8SNFZ4kA"


def settings_of(prefix: str, **given: Any) -> WebhookSettings:
    """Settings for a test: loopback allowed, quick retries, a free health port."""
    defaults: dict[str, Any] = {
        "topic_prefix": prefix,
        "platform_key": KEY_TEXT,
        "health_port": 0,
        "webhook_allow_private": True,
        "webhook_timeout_seconds": 5,
        "webhook_stop_seconds": 0.5,
        "webhook_retry_seconds": (0.1, 0.2, 0.3),
    }
    return WebhookSettings(**(defaults | given))


class Platform:
    """Writes what other services would write, and starts the worker."""

    def __init__(self, connection: KafkaConnection, prefix: str, writer: RecordWriter) -> None:
        self.connection = connection
        self.prefix = prefix
        self._writer = writer
        self._versions: Counter[str] = Counter()

    async def account(
        self, port: int | None, account_id: str = webhook_events.ACCOUNT, scheme: str = "http"
    ) -> None:
        """Set an account's webhook to a loopback port; None takes it away."""
        key = f"account/{account_id}"
        self._versions[key] += 1
        account = settings_pb2.Account(
            account_id=account_id,
            business_id=webhook_events.BUSINESS,
            app_secret_sealed=KEY.seal(SETTING_PURPOSE, SECRET),
            webhook_url=f"{scheme}://127.0.0.1:{port}/hook" if port else "",
        )
        change = settings_pb2.SettingChanged(key=key, version=self._versions[key], account=account)
        await self._writer.write(topic("settings"), key.encode(), change, "setting_changed")

    async def status(
        self, what: str, message_id: str, account_id: str = webhook_events.ACCOUNT, user_ref: str = USER_REF
    ) -> None:
        """Write a status of a message."""
        event = webhook_events.status(what, message_id=message_id, account_id=account_id, user_ref=user_ref)
        await self._write("statuses", event, what, user_ref, message_id)

    async def inbox(self, event: Event, kind: str) -> None:
        """Write an event of a customer."""
        await self._write("inbox", event, kind, USER_REF, "wamid.IN")

    async def garbage(self, name: str) -> None:
        """Write a record that cannot be read."""
        key = conversation_key(webhook_events.BUSINESS, USER_REF)
        headers = [("parley-kind", b"sent"), ("parley-message-id", b"wamid.garbage")]
        await self._writer.submit(topic(name), 0, key, b"\xff\xff", headers)

    @asynccontextmanager
    async def worker(self, **given: Any) -> AsyncIterator[WebhookWorker]:
        """A worker that works meanwhile; its failure is the test's."""
        worker = WebhookWorker(settings_of(self.prefix, **given), self.connection, KEY)
        try:
            await worker.start()
            working = asyncio.ensure_future(worker.run())
            try:
                yield worker
            finally:
                if not working.done():
                    working.cancel()
                await asyncio.wait({working})
                if not working.cancelled():
                    working.result()
        finally:
            await worker.stop()

    async def _write(self, name: str, event: Event, kind: str, user_ref: str, message_id: str) -> None:
        key = conversation_key(webhook_events.BUSINESS, user_ref)
        await self._writer.write(
            topic(name), key, event, kind, message_id=message_id, traceparent=b"00-0af7-b7ad-01"
        )


@asynccontextmanager
async def platform(connection: KafkaConnection) -> AsyncIterator[Platform]:
    """Topics of the test's own, and a writer for them."""
    prefix = await asyncio.to_thread(make_topics, connection, TOPICS)
    writer = RecordWriter(connection, prefix, wall_clock_ms)
    await writer.start()
    try:
        yield Platform(connection, prefix, writer)
    finally:
        await writer.stop()


def said(body: bytes) -> tuple[str, str]:
    """Message id and word of an update: a status, ``message`` or a preference."""
    value = json.loads(body)["entry"][0]["changes"][0]["value"]
    if "statuses" in value:
        return value["statuses"][0]["id"], value["statuses"][0]["status"]
    if "messages" in value:
        return value["messages"][0]["id"], "message"
    return value["contacts"][0]["wa_id"], value["user_preferences"][0]["value"]


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Return once it holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
