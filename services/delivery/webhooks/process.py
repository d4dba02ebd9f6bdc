"""The webhook worker, wired: settings table, writer, endpoints, two readers and the health port."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from services.contracts.catalogue import Topic, topic
from services.delivery.webhooks import metrics
from services.delivery.webhooks.couriers import Couriers
from services.delivery.webhooks.deferral import SPARED_TIERS, TIERS, Deferral
from services.delivery.webhooks.endpoints import Endpoints
from services.delivery.webhooks.events import (
    Settled,
    Unreadable,
    errand_of_inbox,
    errand_of_retry,
    errand_of_status,
)
from services.delivery.webhooks.names import updates_of
from services.delivery.webhooks.reader import Reader
from services.delivery.webhooks.resolver import Resolve, ThreadedResolver
from services.delivery.webhooks.set_aside import DEAD_LETTERS, set_aside
from services.delivery.webhooks.settings import WebhookSettings
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.waiting_room import WaitingRoom
from services.identity.platform_key import PlatformKey
from services.runtime.clock import Clock, wall_clock_ms
from services.runtime.descriptors import room_for
from services.runtime.health import Health, HealthServer
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_startup import require_topics
from services.runtime.record_writer import RecordWriter
from services.runtime.settings_table import SettingsTable

STATUSES = topic("statuses")
INBOX = topic("inbox")
RETRY_TOPICS = (*TIERS.values(), *SPARED_TIERS.values())
GROUP = "webhooks"
RETRY_GROUP = "webhooks-retry"
OPEN_RECORDS_MAX = 100_000
BACKLOG_MAX = 1_000
"""Updates that wait for quick endpoints; at it no new events are read for the moment."""
MOVES_SECONDS = 2.0
BACKLOG_SECONDS = 0.05
"""How often the backlog is looked at."""
PENDING_MAX = 2_000
"""Updates that wait for Kafka to put them off; at it nothing more is read."""
PENDING_AGAIN_MAX = 500
"""At so many no more retries are read: what is put off again and again leaves room for what is new."""
READINESS_SECONDS = 0.5

log = structlog.get_logger()


class SettingsLost(Exception):
    """The settings are no longer followed: webhooks could go to an old address. Start again."""


class WebhookWorker:
    """One process of the webhook workers. Start and stop it once, from one event loop."""

    def __init__(
        self,
        settings: WebhookSettings,
        connection: KafkaConnection,
        platform_key: PlatformKey,
        *,
        clock: Clock = wall_clock_ms,
        resolve: Resolve | None = None,
    ) -> None:
        """Call it in the event loop. Nothing is connected or bound before ``start``."""
        self._settings = settings
        self._connection = connection
        self._platform_key = platform_key
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._backlog_at = 0.0
        self._backlog_seen = 0
        self._updates = updates_of(platform_key)
        self._resolver = ThreadedResolver()
        self._health = Health()
        self._health_server = HealthServer(settings.health_host, settings.health_port, self._health)
        self._table = SettingsTable(connection, settings.topic_prefix)
        self._writer = RecordWriter(connection, settings.topic_prefix, clock)
        self._deferral = Deferral(self._writer, settings.schedule(), clock)
        self._endpoints = Endpoints(
            self._table,
            self._couriers(resolve or self._resolver),
            settings.circuit_limits(),
            settings.endpoint_limits(),
            self._deferral,
            clock,
        )
        self._events = self._reader(GROUP, (STATUSES, INBOX), self._take_event, self._hold_back_events)
        self._retries = self._reader(
            RETRY_GROUP, RETRY_TOPICS, self._take_retry, self._hold_back_retries, self._forget_retries
        )
        self._room = WaitingRoom(self._endpoints.offer, self._retries.pause, self._retries.resume, clock)
        self._asides: set[asyncio.Task[None]] = set()

    @property
    def health_port(self) -> int:
        """The health port that is bound, once started."""
        return self._health_server.port

    @property
    def is_ready(self) -> bool:
        """Whether the worker does its work."""
        return self._health.waits_for is None

    async def start(self) -> None:
        """Open the health port, wait for Kafka, read all settings, and join the groups.

        Raises KafkaRefused, TopicMissing, SettingsUnreadable, and OSError for a port that is taken.
        """
        await self._health_server.start()
        self._health.not_ready("waiting for Kafka")
        await self._table.start()
        needed = [STATUSES, INBOX, DEAD_LETTERS, *RETRY_TOPICS]
        await require_topics(self._connection, self._settings.topic_prefix, needed)
        await self._writer.start()
        await self._events.start()
        await self._retries.start()

    async def run(self) -> None:
        """Work until cancelled. Raises SettingsLost, and aiokafka's errors that do not pass."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._events.run())
            group.create_task(self._retries.run())
            group.create_task(self._room.run())
            group.create_task(self._watch())

    async def stop(self) -> None:
        """Finish the tries that are under way, commit what is settled, and disconnect."""
        self._health.not_ready("stopping")
        await self._endpoints.stop(self._settings.webhook_stop_seconds)
        for task in self._asides:
            task.cancel()
        for reader in (self._events, self._retries):
            await reader.stop()
        await self._writer.stop()
        await self._table.stop()
        await self._health_server.stop()
        self._resolver.close()

    def _couriers(self, resolve: Resolve) -> Couriers:
        settings = self._settings
        rules = settings.endpoint_rules()
        return Couriers(
            self._platform_key,
            resolve,
            rules.tls(),
            allow_private=rules.allow_private,
            timeout_seconds=settings.webhook_timeout_seconds,
            sockets=Sockets(room_for(settings.webhook_sockets)),
        )

    def _reader(
        self,
        group: str,
        topics: Iterable[Topic],
        take: Callable[[ConsumerRecord, Settled], None],
        hold_back: Callable[[], bool],
        revoked: Callable[[], None] = lambda: None,
    ) -> Reader:
        prefix, ordinal = self._settings.topic_prefix, self._settings.ordinal
        names = [prefix + one.name for one in topics]
        return Reader(self._connection, prefix + group, ordinal, names, take, hold_back, revoked)

    def _take_event(self, record: ConsumerRecord, settled: Settled) -> None:
        errand_of = errand_of_inbox if record.topic.endswith(INBOX.name) else errand_of_status
        try:
            errand = errand_of(self._updates, record, settled)
        except Unreadable as error:
            self._set_aside(record, settled, error)
            return
        if errand is None:
            settled()
        else:
            self._endpoints.offer(errand)

    def _take_retry(self, record: ConsumerRecord, settled: Settled) -> None:
        try:
            errand, due_at_ms = errand_of_retry(record, settled)
        except Unreadable as error:
            self._set_aside(record, settled, error)
        else:
            self._room.hold(errand, due_at_ms, TopicPartition(record.topic, record.partition))

    def _forget_retries(self) -> None:
        self._room.forget()

    def _set_aside(self, record: ConsumerRecord, settled: Settled, error: Unreadable) -> None:
        log.error("a record cannot be read", topic=record.topic, offset=record.offset, error=str(error))
        task = asyncio.ensure_future(set_aside(self._writer, record, error))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)
        task.add_done_callback(lambda done: None if done.cancelled() else settled())

    def _hold_back(self) -> bool:
        return self._deferral.pending > PENDING_MAX or self._open_records() > OPEN_RECORDS_MAX

    def _hold_back_retries(self) -> bool:
        return self._hold_back() or self._deferral.pending > PENDING_AGAIN_MAX

    def _hold_back_events(self) -> bool:
        """New events also wait for quick endpoints: then a burst, or the worker itself, is what is slow."""
        return self._hold_back() or self._backlog() > BACKLOG_MAX

    def _backlog(self) -> int:
        now = self._loop.time()
        if now - self._backlog_at > BACKLOG_SECONDS:
            self._backlog_at = now
            self._backlog_seen = self._endpoints.backlog_that_moves(MOVES_SECONDS)
        return self._backlog_seen

    def _open_records(self) -> int:
        return sum(reader.open_records for reader in (self._events, self._retries))

    async def _watch(self) -> None:
        """Keep readiness and slow metrics true to the facts, for ever. Raises SettingsLost."""
        while True:
            if failure := self._table.failure:
                raise SettingsLost(failure)
            reason = self._waits_for()
            if reason is None:
                self._health.ready()
            else:
                self._health.not_ready(reason)
            metrics.WAITING.set(self._open_records())
            self._endpoints.tidy()
            await asyncio.sleep(READINESS_SECONDS)

    def _waits_for(self) -> str | None:
        if not self._table.lag_ok():
            return "Kafka does not answer: the settings may be old"
        if not self._writer.answering:
            return "Kafka does not acknowledge what is written"
        if not all(reader.has_partitions for reader in (self._events, self._retries)):
            return "the group has not given this worker its partitions"
        return None
