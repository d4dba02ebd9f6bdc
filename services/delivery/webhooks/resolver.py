"""Looks up names in threads of its own, so that names nobody answers for do not stop those of others."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from socket import SOCK_STREAM, getaddrinfo

from services.delivery.webhooks.failures import NoLookupLeft

LOOKUPS_AT_ONCE_MAX = 64
SLOW_SECONDS = 2.0
"""A name whose last lookup took longer shares half of the threads with all others like it."""
SLOW_NAMES_MAX = 10_000

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Addresses of a host, in text form, best first. Raises OSError, UnicodeError or NoLookupLeft."""


class ThreadedResolver:
    """The system's resolver, which holds a thread until it answers, for half a minute if nobody does.

    One lookup of a name at a time, whoever asks. Call it from one event loop.
    """

    def __init__(
        self,
        look_up: Callable[[str], list[str]] | None = None,
        threads: int = LOOKUPS_AT_ONCE_MAX,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        """`look_up` blocks, and raises OSError or UnicodeError."""
        self._look_up = look_up or _system_look_up
        self._threads_max = threads
        self._slow_seconds = slow_seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")
        self._under_way: dict[str, asyncio.Future[list[str]]] = {}
        self._slow: dict[str, None] = {}

    async def __call__(self, host: str, port: int) -> list[str]:  # noqa: ARG002 - addresses have no port
        """Addresses of a host. Raises OSError, UnicodeError, and NoLookupLeft when no thread is free."""
        lookup = self._under_way.get(host) or self._begin(host)
        return await asyncio.shield(lookup)

    def close(self) -> None:
        """Start no more lookups, and wait for none."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, host: str) -> asyncio.Future[list[str]]:
        threads_max = self._threads_max
        if host in self._slow and sum(name in self._slow for name in self._under_way) >= threads_max // 2:
            raise NoLookupLeft(f"{host} is answered slowly, and too many names like it are being looked up")
        if len(self._under_way) >= threads_max:
            raise NoLookupLeft(f"{threads_max} names are being looked up, and none is answered for")
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        lookup = self._under_way[host] = loop.run_in_executor(self._threads, self._look_up, host)
        lookup.add_done_callback(lambda done: self._ended(host, loop.time() - began_at, done))
        return lookup

    def _ended(self, host: str, seconds: float, lookup: asyncio.Future[list[str]]) -> None:
        del self._under_way[host]
        self._slow.pop(host, None)
        if seconds >= self._slow_seconds:
            self._slow[host] = None
            if len(self._slow) > SLOW_NAMES_MAX:
                del self._slow[next(iter(self._slow))]
        if not lookup.cancelled():
            lookup.exception()  # whoever waited may have gone


def _system_look_up(host: str) -> list[str]:
    found = (str(entry[4][0]) for entry in getaddrinfo(host, None, type=SOCK_STREAM))
    return list(dict.fromkeys(found))
