"""When nothing more comes: a run ends only then, so that the next one does not begin behind."""

import asyncio
import sys
import time

QUIET_SECONDS = 2.0
SECONDS_MAX = 60.0
"""What has not come by then is left over, and the next run pays for it."""


class Quiet:
    """Knows when something came last."""

    def __init__(self) -> None:
        self._latest = time.monotonic()

    def came(self) -> None:
        """Something came."""
        self._latest = time.monotonic()

    async def after_stdin(self) -> None:
        """Return once stdin is closed and nothing has come for a while."""
        await asyncio.to_thread(sys.stdin.read)
        until = time.monotonic() + SECONDS_MAX
        while (left := min(self._latest + QUIET_SECONDS, until) - time.monotonic()) > 0:
            await asyncio.sleep(left)
