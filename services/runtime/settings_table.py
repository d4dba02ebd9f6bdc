"""All settings as this process knows them, read from the compacted topic `settings` and kept up to date."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors
from google.protobuf.message import DecodeError

from parley.settings.v1 import settings_pb2
from services.contracts.catalogue import topic
from services.contracts.setting_routes import SETTINGS
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_startup import require_topics
from services.runtime.kafka_stop import stop_consumer

log = structlog.get_logger()

POLL_MS = 1_000
SILENT_SECONDS_MAX = 10
"""Without an answer from Kafka for so long the table may be stale, and readiness should say so."""

Watcher = Callable[[settings_pb2.SettingChanged], None]


class SettingsUnreadable(Exception):
    """A record of `settings` cannot be read: the process must not go on with half of its settings."""


class SettingsTable:
    """The newest version of each setting. Read it from the event loop that started it."""

    def __init__(self, connection: KafkaConnection, topic_prefix: str) -> None:
        """Nothing is connected before `start`."""
        self._connection = connection
        self._prefix = topic_prefix
        self._partition = TopicPartition(topic_prefix + topic(SETTINGS).name, 0)
        self._settings: dict[str, settings_pb2.SettingChanged] = {}
        self._watchers: list[Watcher] = []
        self._consumer: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None
        self._answer: int | None = None
        self._answered_at = 0.0

    async def start(self) -> None:
        """Read everything that is committed, then follow in a task.

        Waits, with a log line an attempt, until a broker answers. Raises KafkaRefused, TopicMissing and
        SettingsUnreadable; call `stop` then too.
        """
        await require_topics(self._connection, self._prefix, [topic(SETTINGS)])
        self._loop = asyncio.get_running_loop()
        consumer = AIOKafkaConsumer(
            **self._connection.aiokafka(),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self._consumer = consumer
        await consumer.start()
        consumer.assign([self._partition])
        await consumer.seek_to_beginning(self._partition)
        end = (await consumer.end_offsets([self._partition]))[self._partition]
        while await consumer.position(self._partition) < end:
            await self._read(consumer)
        self._answered_at = self._loop.time()
        self._following = self._loop.create_task(self._follow(consumer))

    async def stop(self) -> None:
        """Stop following. Safe to call twice; what was read stays readable."""
        if self._following:
            self._following.cancel()
            with suppress(asyncio.CancelledError, SettingsUnreadable):
                await self._following
        if self._consumer:
            await stop_consumer(self._consumer)
            self._consumer = None

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with every setting known now, and then with each that takes a new value."""
        self._watchers.append(watcher)
        for setting in tuple(self._settings.values()):
            watcher(setting)

    @property
    def failure(self) -> str | None:
        """Why the table no longer follows its topic, one sentence; None while it does."""
        task = self._following
        if task is None or not task.done() or task.cancelled():
            return None
        return str(task.exception() or "the settings are no longer followed")

    def lag_ok(self) -> bool:
        """Whether the table follows, and Kafka has answered lately that there is nothing newer."""
        if self._following is None or self._following.done():
            return False
        return self._loop.time() - self._answered_at < SILENT_SECONDS_MAX

    def get(self, key: str) -> settings_pb2.SettingChanged | None:
        """The newest version of a setting such as ``account/102290129340398``, or None."""
        return self._settings.get(key)

    def all(self, kind: str) -> Iterator[settings_pb2.SettingChanged]:
        """The newest version of each setting of a kind such as ``account``."""
        start = f"{kind}/"
        return (setting for key, setting in tuple(self._settings.items()) if key.startswith(start))

    def business(self, business_id: str) -> settings_pb2.Business | None:
        """A billing account, or None."""
        setting = self._settings.get(f"business/{business_id}")
        return setting.business if setting else None

    def account(self, account_id: str) -> settings_pb2.Account | None:
        """A WhatsApp business account, or None."""
        setting = self._settings.get(f"account/{account_id}")
        return setting.account if setting else None

    def phone_number(self, phone_number_id: str) -> settings_pb2.PhoneNumber | None:
        """A number that a business writes from, or None."""
        setting = self._settings.get(f"phone-number/{phone_number_id}")
        return setting.phone_number if setting else None

    def template(self, account_id: str, name: str, language: str) -> settings_pb2.Template | None:
        """A message template, or None."""
        setting = self._settings.get(f"template/{account_id}/{name}/{language}")
        return setting.template if setting else None

    def templates(self, account_id: str) -> Iterator[settings_pb2.Template]:
        """All templates of an account."""
        return (setting.template for setting in self.all(f"template/{account_id}"))

    def platform(self) -> settings_pb2.Platform | None:
        """Limits of the whole platform, or None while they were never set."""
        setting = self._settings.get("platform")
        return setting.platform if setting else None

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        try:
            while True:
                await self._read(consumer)
        except (SettingsUnreadable, kafka_errors.KafkaError):
            log.exception("settings are no longer followed")
            raise

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        records = await consumer.getmany(self._partition, timeout_ms=POLL_MS)
        for record in records.get(self._partition, ()):
            self._take(record)
        answer = consumer.last_poll_timestamp(self._partition)
        if answer != self._answer:
            self._answer, self._answered_at = answer, self._loop.time()

    def _take(self, record: ConsumerRecord) -> None:
        key = record.key.decode()
        if record.value is None:
            self._settings.pop(key, None)
            return
        try:
            setting = settings_pb2.SettingChanged.FromString(record.value)
        except DecodeError as error:
            raise SettingsUnreadable(
                f"{record.topic} offset {record.offset} ({key}) is not a setting: {error}"
            ) from None
        known = self._settings.get(key)
        if known is not None and setting.version <= known.version:
            return
        self._settings[key] = setting
        for watcher in self._watchers:
            watcher(setting)
