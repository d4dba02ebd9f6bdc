"""``python -m services.delivery.webhooks``: report to businesses until SIGTERM."""

import asyncio
import gc
import signal
import sys

import structlog
import uvloop
from aiokafka.errors import KafkaError

from services.delivery.webhooks.process import SettingsLost, WebhookWorker
from services.delivery.webhooks.settings import WebhookSettings
from services.identity.platform_key import BadPlatformKey, PlatformKey
from services.runtime.kafka_connection import KafkaConnection, KafkaSettingsInvalid, read_kafka_connection
from services.runtime.kafka_reachable import KafkaRefused
from services.runtime.kafka_startup import TopicMissing
from services.runtime.logs import configure_logs
from services.runtime.service_settings import load, refuse
from services.runtime.settings_table import SettingsUnreadable

log = structlog.get_logger()


def main() -> None:
    """Exit status: 0 after SIGTERM or SIGINT, 78 for a bad setting, 1 for what a person must look at."""
    settings = load(WebhookSettings)
    try:
        connection = read_kafka_connection()
        platform_key = PlatformKey.from_text(settings.platform_key.get_secret_value())
    except (KafkaSettingsInvalid, BadPlatformKey) as error:
        refuse(str(error))
    configure_logs("webhooks", settings.log_level)
    try:
        uvloop.run(_serve(settings, connection, platform_key))
    except* (KafkaRefused, TopicMissing, SettingsUnreadable, SettingsLost, KafkaError, OSError) as group:
        reason = group.exceptions[0]
        while isinstance(reason, BaseExceptionGroup):
            reason = reason.exceptions[0]
        sys.stderr.write(f"webhooks: {reason}\n")
        raise SystemExit(1) from None


async def _serve(settings: WebhookSettings, connection: KafkaConnection, platform_key: PlatformKey) -> None:
    worker = WebhookWorker(settings, connection, platform_key)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    working = loop.create_task(_start_and_run(worker))
    stopped = loop.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        stopped.cancel()
        working.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
        await worker.stop()


async def _start_and_run(worker: WebhookWorker) -> None:
    await worker.start()
    gc.freeze()  # what has been loaded stays: no need to look through it again and again
    log.info("reporting to businesses")
    await worker.run()


if __name__ == "__main__":
    main()
