"""Ingress, wired: settings table, writer, endpoint, HTTP server and health port."""

import asyncio
import time

from services.identity.platform_key import PlatformKey
from services.ingress.app import CloudApi
from services.ingress.intake import INTAKE
from services.ingress.limits import HttpLimits
from services.ingress.messages import MessagesEndpoint
from services.ingress.rate import NumberRates
from services.ingress.server import IngressServer
from services.ingress.settings import IngressSettings
from services.ingress.templates import TemplateIndex
from services.ingress.tokens import TokenIndex
from services.ingress.trace import Tracer
from services.runtime.clock import wall_clock_ms
from services.runtime.health import Health, HealthServer
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_startup import require_topics
from services.runtime.record_writer import RecordWriter, WriterLimits
from services.runtime.settings_table import SettingsTable

DRAIN_SECONDS = 8.0
"""How long requests in hand may take at the end; above the writer's own time-out."""
READINESS_SECONDS = 0.5


class SettingsLost(Exception):
    """The settings are no longer followed: a revoked token could go on working. Start again."""


class Ingress:
    """One process of ingress. Start and stop it once, from one event loop."""

    def __init__(
        self,
        settings: IngressSettings,
        connection: KafkaConnection,
        platform_key: PlatformKey,
        http_limits: HttpLimits | None = None,
        writer_limits: WriterLimits | None = None,
    ) -> None:
        """Nothing is connected or bound before ``start``."""
        self._settings = settings
        self._connection = connection
        limits = http_limits or HttpLimits()
        self._limits = limits
        self._health = Health()
        self._health_server = HealthServer(settings.health_host, settings.health_port, self._health)
        self._table = SettingsTable(connection, settings.topic_prefix)
        self._writer = RecordWriter(connection, settings.topic_prefix, wall_clock_ms, writer_limits)
        self._tokens = TokenIndex()
        self._templates = TemplateIndex()
        endpoint = MessagesEndpoint(
            platform_key,
            self._templates,
            NumberRates(settings.number_rate, settings.ingress_replicas, time.monotonic),
            self._writer,
            wall_clock_ms,
            settings.message_ttl_seconds,
        )
        self._api = CloudApi(
            endpoint, self._table, self._tokens, Tracer(settings.trace_sampled_share), limits, time.monotonic
        )
        self._http: IngressServer | None = None
        self._listening: asyncio.Server | None = None
        self.url = ""
        """Where the Cloud API is served, once started."""

    @property
    def health_url(self) -> str:
        """Where /metrics and /readyz are served, once started."""
        return f"http://{self._settings.health_host}:{self._health_server.port}"

    async def start(self) -> None:
        """Open the health port, wait for Kafka, read all settings, and only then serve.

        Raises KafkaRefused, TopicMissing, SettingsUnreadable, and OSError for a port that is taken.
        """
        await self._health_server.start()
        self._health.not_ready("waiting for Kafka")
        await self._table.start()
        await require_topics(self._connection, self._settings.topic_prefix, [INTAKE])
        self._table.watch(self._tokens.take)
        self._table.watch(self._templates.take)
        await self._writer.start()
        loop = asyncio.get_running_loop()
        self._http = IngressServer(self._api.handle, self._limits)
        self._listening = await loop.create_server(
            self._http,
            self._settings.ingress_host,
            self._settings.ingress_port,
            backlog=self._limits.backlog,
        )
        host, port = self._listening.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"

    async def watch(self) -> None:
        """Keep readiness true to the facts, for ever. Raises SettingsLost."""
        while True:
            if failure := self._table.failure:
                raise SettingsLost(failure)
            if not self._table.lag_ok():
                self._health.not_ready("Kafka does not answer: the settings may be old")
            elif not self._writer.answering:
                self._health.not_ready("Kafka does not acknowledge what is written")
            else:
                self._health.ready()
            await asyncio.sleep(READINESS_SECONDS)

    async def stop(self) -> None:
        """Take no more connections, answer what is in hand, and disconnect."""
        self._health.not_ready("stopping")
        if self._listening and self._http:
            self._listening.close()
            self._http.pre_shutdown()
            await self._http.shutdown(DRAIN_SECONDS)
        await self._writer.stop()
        await self._table.stop()
        await self._health_server.stop()
