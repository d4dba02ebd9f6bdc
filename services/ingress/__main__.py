"""``python -m services.ingress``: serve the Cloud API until SIGTERM."""

import asyncio
import gc
import signal
import sys

import structlog
import uvloop
from aiokafka.errors import KafkaError

from services.identity.platform_key import BadPlatformKey, PlatformKey
from services.ingress.limits import HttpLimits
from services.ingress.process import Ingress, SettingsLost
from services.ingress.settings import IngressSettings
from services.runtime.descriptors import room_for
from services.runtime.kafka_connection import KafkaConnection, KafkaSettingsInvalid, read_kafka_connection
from services.runtime.kafka_reachable import KafkaRefused
from services.runtime.kafka_startup import TopicMissing
from services.runtime.logs import configure_logs
from services.runtime.service_settings import load, refuse
from services.runtime.settings_table import SettingsUnreadable

FATAL = (KafkaRefused, TopicMissing, SettingsUnreadable, SettingsLost, KafkaError, OSError)

log = structlog.get_logger()


def main() -> None:
    """Exit status: 0 after SIGTERM or SIGINT, 78 for a bad setting, 1 for what a person must look at."""
    settings = load(IngressSettings)
    try:
        connection = read_kafka_connection()
        platform_key = PlatformKey.from_text(settings.platform_key.get_secret_value())
    except (KafkaSettingsInvalid, BadPlatformKey) as error:
        refuse(str(error))
    configure_logs("ingress", settings.log_level)
    try:
        uvloop.run(_serve(settings, connection, platform_key))
    except FATAL as error:
        sys.stderr.write(f"ingress: {error}\n")
        raise SystemExit(1) from None


async def _serve(settings: IngressSettings, connection: KafkaConnection, platform_key: PlatformKey) -> None:
    limits = HttpLimits().within(room_for)
    ingress = Ingress(settings, connection, platform_key, limits)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    serving = loop.create_task(_start_and_watch(ingress))
    stopped = loop.create_task(stopping.wait())
    try:
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        for task in (serving, stopped):
            task.cancel()
        await ingress.stop()


async def _start_and_watch(ingress: Ingress) -> None:
    await ingress.start()
    gc.freeze()  # what has been loaded stays: no need to look through it again and again
    log.info("serving the Cloud API", url=ingress.url, health=ingress.health_url)
    await ingress.watch()


if __name__ == "__main__":
    main()
