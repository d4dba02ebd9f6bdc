"""Write to Kafka until it is written: what else could a worker do that may lose nothing?"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.runtime.record_writer import NotWritten, RecordTooLarge, WriteUnknown

AGAIN_SECONDS = 0.25
AGAIN_SECONDS_MAX = 5.0

log = structlog.get_logger()


async def until_written(write: Callable[[], Awaitable[None]], what: str) -> None:
    """Repeat `write`, with a log line each time that it fails. May write twice: at least once is the promise.

    A record that no broker takes is dropped with a log line: it would come back for ever.
    """
    wait = AGAIN_SECONDS
    while True:
        try:
            await write()
        except RecordTooLarge:
            log.exception("dropped, because Kafka does not take it", record=what)
            return
        except (NotWritten, WriteUnknown) as error:
            log.warning("not written yet", record=what, error=str(error))
            await asyncio.sleep(wait)
            wait = min(wait * 2, AGAIN_SECONDS_MAX)
        else:
            return
