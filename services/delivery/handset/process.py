"""The handset channel, wired: settings table, outbox, writers, WebSocket server and health port."""

import asyncio
from dataclasses import replace

from services.delivery.handset.dispatch_writer import DISPATCH, DispatchWriter
from services.delivery.handset.limits import HandsetLimits
from services.delivery.handset.outbox_reader import OutboxReader
from services.delivery.handset.reception import Reception
from services.delivery.handset.server import PATH, HandsetServer
from services.delivery.handset.settings import HandsetSettings
from services.delivery.handset.switchboard import Switchboard
from services.delivery.handset.waiting import Waiting
from services.identity.platform_key import PlatformKey
from services.ingress.intake import INTAKE
from services.ingress.trace import Tracer
from services.runtime.clock import wall_clock_ms
from services.runtime.descriptors import room_for
from services.runtime.health import Health, HealthServer
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_startup import require_topics
from services.runtime.record_writer import RecordWriter
from services.runtime.settings_table import SettingsTable

READINESS_SECONDS = 0.5


class SettingsLost(Exception):
    """The settings are no longer followed: a new number would stay unknown. Start again."""


class HandsetChannel:
    """One process of the channel. Start and stop it once, from one event loop."""

    def __init__(
        self,
        settings: HandsetSettings,
        connection: KafkaConnection,
        key: PlatformKey,
        limits: HandsetLimits | None = None,
    ) -> None:
        """Nothing is connected or bound before ``start``."""
        self._settings = settings
        self._connection = connection
        limits = _fitted(replace(limits or HandsetLimits(), connections_max=settings.handset_connections_max))
        self._health = Health()
        self._health_server = HealthServer(settings.health_host, settings.health_port, self._health)
        self._table = SettingsTable(connection, settings.topic_prefix)
        self._writer = RecordWriter(connection, settings.topic_prefix, wall_clock_ms)
        self._dispatch = DispatchWriter(self._writer, wall_clock_ms, limits)
        waiting = Waiting()
        self._outbox = OutboxReader(connection, settings.topic_prefix, waiting)
        self._switchboard = Switchboard(waiting, self._dispatch, limits)
        reception = Reception(
            key,
            self._table,
            self._writer,
            self._dispatch,
            waiting,
            wall_clock_ms,
            Tracer(settings.trace_sampled_share),
            dated_messages=settings.handset_dated_messages,
        )
        self._server = HandsetServer(
            settings.handset_host, settings.handset_port, key, self._switchboard, reception, limits
        )

    @property
    def url(self) -> str:
        """Where devices connect, once started."""
        return f"ws://{self._settings.handset_host}:{self._server.port}{PATH}"

    async def start(self) -> None:
        """Open the health port, wait for Kafka, read settings and outbox, and only then let devices in.

        Raises KafkaRefused, TopicMissing, SettingsUnreadable, OutboxUnreadable, and OSError for a port that
        is taken.
        """
        await self._health_server.start()
        self._health.not_ready("waiting for Kafka")
        await self._table.start()
        await require_topics(self._connection, self._settings.topic_prefix, [INTAKE, DISPATCH])
        await self._writer.start()
        self._dispatch.start()
        self._health.not_ready("reading the outbox")
        await self._outbox.start()
        await self._server.start()

    async def run(self) -> None:
        """After ``start``: show what comes, until cancelled. Raises what ends the process."""
        parts = [
            asyncio.create_task(part) for part in (self._outbox.follow(self._switchboard), self._watch())
        ]
        try:
            await asyncio.wait([*parts, *self._dispatch.tasks], return_when=asyncio.FIRST_COMPLETED)
            for part in (*parts, *self._dispatch.tasks):
                if part.done():
                    part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def stop(self) -> None:
        """Let the devices go, write what they reported, and disconnect."""
        self._health.not_ready("stopping")
        await self._server.stop()
        await self._dispatch.stop()
        await self._outbox.stop()
        await self._writer.stop()
        await self._table.stop()
        await self._health_server.stop()

    async def _watch(self) -> None:
        """Keep readiness true to the facts, for ever."""
        while True:
            if failure := self._table.failure:
                raise SettingsLost(failure)
            if not self._table.lag_ok():
                self._health.not_ready("Kafka does not answer: the settings may be old")
            elif not self._outbox.answering:
                self._health.not_ready("Kafka does not answer: messages may wait in the outbox")
            elif not self._writer.answering:
                self._health.not_ready("Kafka does not acknowledge what is written")
            else:
                self._health.ready()
            await asyncio.sleep(READINESS_SECONDS)


def _fitted(limits: HandsetLimits) -> HandsetLimits:
    """As many connections, and sockets at the door, as the descriptors allow, in the same proportion."""
    wanted = limits.connections_max + limits.handshakes_max
    room = room_for(wanted)
    handshakes_max = max(1, room * limits.handshakes_max // wanted)
    return replace(limits, connections_max=max(1, room - handshakes_max), handshakes_max=handshakes_max)
