"""``python -m services.delivery.handset``: serve customers' devices until SIGTERM."""

import asyncio
import gc
import signal
import sys

import structlog
import uvloop
from aiokafka.errors import KafkaError

from services.delivery.handset.errors import OutboxUnreadable
from services.delivery.handset.process import HandsetChannel, SettingsLost
from services.delivery.handset.settings import HandsetSettings
from services.identity.platform_key import BadPlatformKey, PlatformKey
from services.runtime.kafka_connection import KafkaConnection, KafkaSettingsInvalid, read_kafka_connection
from services.runtime.kafka_reachable import KafkaRefused
from services.runtime.kafka_startup import TopicMissing
from services.runtime.logs import configure_logs
from services.runtime.service_settings import load, refuse
from services.runtime.settings_table import SettingsUnreadable

NAME = "channel-handset"
FATAL = (
    KafkaRefused,
    TopicMissing,
    SettingsUnreadable,
    SettingsLost,
    OutboxUnreadable,
    KafkaError,
    OSError,
)

log = structlog.get_logger()


def main() -> None:
    """Exit status: 0 after SIGTERM or SIGINT, 78 for a bad setting, 1 for what a person must look at."""
    settings = load(HandsetSettings)
    try:
        connection = read_kafka_connection()
        key = PlatformKey.from_text(settings.platform_key.get_secret_value())
    except (KafkaSettingsInvalid, BadPlatformKey) as error:
        refuse(str(error))
    configure_logs(NAME, settings.log_level)
    try:
        uvloop.run(_serve(settings, connection, key))
    except FATAL as error:
        sys.stderr.write(f"{NAME}: {error}\n")
        raise SystemExit(1) from None


async def _serve(settings: HandsetSettings, connection: KafkaConnection, key: PlatformKey) -> None:
    channel = HandsetChannel(settings, connection, key)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    working = loop.create_task(_start_and_run(channel))
    stopped = loop.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        stopped.cancel()
        working.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
        await channel.stop()


async def _start_and_run(channel: HandsetChannel) -> None:
    await channel.start()
    gc.freeze()  # what has been loaded stays: no need to look through it again and again
    log.info("serving devices", url=channel.url)
    await channel.run()


if __name__ == "__main__":
    main()
